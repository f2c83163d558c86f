#pragma once

// TLS as a client, step by step over a socket. TLS as a server is in tls_server.h.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace triggers::net {

/// The client's side of TLS over a non-blocking socket. Each step does what it can and says what it waits for. The
/// process must ignore SIGPIPE, because OpenSSL writes to the socket without MSG_NOSIGNAL. Not thread-safe.
class TlsClient {
 public:
  enum class Step : std::uint8_t {
    done,
    wants_read,   ///< Call again when the socket can be read.
    wants_write,  ///< Call again, with the same arguments, when the socket can be written.
    ended,        ///< The peer has closed.
    failed,       ///< error() says why; close the socket.
  };

  virtual ~TlsClient() = default;
  virtual Step handshake() = 0;
  /// `got` bytes, at least 1, if done.
  virtual Step read(std::span<char> space, std::size_t& got) = 0;
  /// The first `wrote` bytes of `bytes`, at least 1, if done.
  virtual Step write(std::string_view bytes, std::size_t& wrote) = 0;
  /// The reason of the last failure, for a person.
  [[nodiscard]] virtual const std::string& error() const noexcept = 0;
};

/// TLS 1.2 or later for clients. Any thread may use it.
class TlsClientContext {
 public:
  /// `ca_file` (PEM), if not empty, is trusted instead of the system's authorities. With `verify` false nothing is
  /// checked: for test servers only. Error: `invalid_argument` if the file cannot be read.
  static Result<std::unique_ptr<TlsClientContext>> create(const std::string& ca_file, bool verify);
  virtual ~TlsClientContext() = default;

  /// Over `fd`, which outlives it, to `host`, whose name or address the certificate must have (RFC 9525).
  [[nodiscard]] virtual std::unique_ptr<TlsClient> connect(int fd, const std::string& host) const = 0;

 protected:
  TlsClientContext() = default;
};

}  // namespace triggers::net
