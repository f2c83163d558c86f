#pragma once

// The certificate and the TLS settings of a server. The bytes of a TLS connection are in transport.h; TLS as a client
// is in tls_client.h.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/transport.h"

namespace triggers::net {

/// A certificate and its key: TLS 1.2 and 1.3 (RFC 9325), no renegotiation, no compression. Any thread may use it.
class TlsServerContext {
 public:
  /// Both are PEM files; the certificate may be followed by its chain. Error: a file cannot be read, or key and
  /// certificate do not match. `protocol`: the name in ALPN of what is spoken over TLS, at most 255 bytes.
  static Result<std::unique_ptr<TlsServerContext>> create(const std::string& cert_path, const std::string& key_path,
                                                          std::string_view protocol);

  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;
  ~TlsServerContext();

  /// The server's side of one connection. `socket` outlives it.
  [[nodiscard]] std::unique_ptr<TlsLayer> layer(Socket& socket);

 private:
  struct Impl;
  explicit TlsServerContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace triggers::net
