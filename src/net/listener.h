#pragma once

// A listening socket, TCP or local: opening, accepting once, and removing its file. The loop of accepting is in
// acceptor.h.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace triggers::net {

/// What Listener::accept() returns.
struct Accepted {
  UniqueFd socket;      ///< Empty: no connection waits, or `error` says why it was not accepted.
  std::string address;  ///< Text of the peer's IP address, without a port; empty for a local socket.
  bool local = false;   ///< Over a local socket.
  int error = 0;        ///< errno, such as EMFILE; 0 if no connection waits.
};

/// A socket that listens, and the file behind it if it is a local one. Non-blocking; closed on exec.
class Listener {
 public:
  /// `host` is an address or a name; `::` takes IPv4 too. Port 0 takes a free one.
  static Result<Listener> tcp(const std::string& host, std::uint16_t port);
  /// Only this user may connect (mode 0600). A file left by a dead process is replaced; a socket in use is an error.
  /// The path has at most 107 bytes (unix(7)). `name`: what messages call it; empty: its path.
  static Result<Listener> local(const std::string& path, const std::string& name = {});

  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  /// Does not block. Skips connections that were aborted before they were accepted.
  Accepted accept();

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] bool is_local() const noexcept { return !path_.empty(); }

 private:
  Listener(UniqueFd socket, std::uint16_t port, std::string path) noexcept
      : socket_(std::move(socket)), port_(port), path_(std::move(path)) {}

  UniqueFd socket_;
  std::uint16_t port_;
  std::string path_;
};

}  // namespace triggers::net
