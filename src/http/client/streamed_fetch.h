#pragma once

// One request whose response is read while the server makes it, for commands that follow a stream. A request with a
// whole response is in fetch.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "http/client/server_address.h"
#include "http/wire/response_parser.h"
#include "net/tls_client.h"

namespace triggers::http {

/// A response in progress, over a connection of its own. Not thread-safe.
class StreamedFetch {
 public:
  /// The server, and how to reach it.
  struct Target {
    ServerAddress server{};
    bool tls = false;       ///< The certificate must be the host's, from a trusted authority.
    std::string ca_file{};  ///< PEM, trusted instead of the system's authorities; empty: the system's.
  };
  /// Sends the request, and waits for the head of the response. A response that is no success is read whole. Blocks for
  /// at most `timeout`. Errors as of fetch(); `invalid_argument` if `ca_file` cannot be read.
  static Result<std::unique_ptr<StreamedFetch>> open(const Target& target, const Request& request,
                                                     std::chrono::milliseconds timeout);
  StreamedFetch(const StreamedFetch&) = delete;
  StreamedFetch& operator=(const StreamedFetch&) = delete;

  /// Status and header; the body only of a response that is no success.
  [[nodiscard]] const ClientResponse& response() const noexcept { return response_; }

  /// Readable when more may have arrived. Call read() before the first wait: some may be here.
  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  enum class Step : std::uint8_t { more, ended, broken };
  /// Appends to `out` what has arrived, without waiting. `ended`: the response is complete. `broken`: it was cut off,
  /// or is not HTTP.
  Step read(std::string& out);

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  StreamedFetch(const Target& target, UniqueFd socket);
  Status start_tls(TimePoint deadline);
  Status send(std::string_view bytes, TimePoint deadline);
  Status receive_head(TimePoint deadline);
  ResponseParser::State feed_once();
  [[nodiscard]] bool wait(net::TlsClient::Step step, TimePoint deadline) const;
  [[nodiscard]] Error unreachable_here(const std::string& why) const;

  const Target target_;
  std::unique_ptr<net::TlsClientContext> tls_context_;
  UniqueFd socket_;
  std::unique_ptr<net::TlsClient> tls_;
  ResponseParser parser_;
  ResponseParser::State state_ = ResponseParser::State::more;
  ClientResponse response_;
  bool waits_ = false;  ///< The last feed_once() found nothing.
};

}  // namespace triggers::http
