#pragma once

// The server of the page and its API. Its endpoints are in endpoints.h; the test is behind desk.h.

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "swarm/web/desk.h"
#include "swarm/web/web_options.h"

namespace triggers::swarm {

class WebServer {
 public:
  static constexpr std::size_t connections_max = 128;
  static constexpr std::size_t header_bytes_max = 16 * 1024, body_bytes_max = 64 * 1024;

  /// Binds the port and starts a thread. `desk` outlives it. Error: the address is in use, a certificate cannot be
  /// read, …, with the address or the path.
  static Result<std::unique_ptr<WebServer>> start(const WebOptions& options, Desk& desk);
  virtual ~WebServer() = default;

  /// `http://127.0.0.1:8089/`: where a person opens it.
  [[nodiscard]] virtual std::string url() const = 0;

 protected:
  WebServer() = default;
};

}  // namespace triggers::swarm
