#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/transport.h"

namespace triggers::http {

/// A certificate and its key: TLS 1.2 and 1.3 (RFC 9325), no renegotiation, no compression. Any thread may use it.
class TlsContext {
 public:
  /// Both are PEM files; the certificate may be followed by its chain. Error: unreadable, or they do not belong
  /// together.
  static Result<std::unique_ptr<TlsContext>> create(const std::string& cert_path, const std::string& key_path);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  /// The server's side of one connection. `socket` outlives it.
  [[nodiscard]] std::unique_ptr<TlsLayer> layer(Socket& socket);

 private:
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace triggers::http
