#pragma once

// For tests of the client: a server that sends whatever a test wants. A server that behaves is in
// http/server/test_server.h.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/unique_fd.h"

namespace triggers::http {

/// A server that treats a client as a test wants: `serve` handles each connection, on a thread of its own.
class TestPeer {
 public:
  class Connection {
   public:
    explicit Connection(int fd) : fd_(fd) {}
    /// Head and body (by Content-Length) of the next request; empty when the client has closed.
    std::string read_request();
    void send(std::string_view bytes);
    /// `200` with this body and a Content-Length.
    void answer(std::string_view body, unsigned status = 200, std::string_view fields = "");
    /// Ends the connection with a reset.
    void reset();
    /// Reads and drops all bytes until the client closes.
    void await_close();
    /// Blocks until the client closes, and reads nothing.
    void await_end();

   private:
    int fd_;
    std::string unread_;
  };

  explicit TestPeer(std::function<void(Connection&)> serve);
  TestPeer(const TestPeer&) = delete;
  TestPeer& operator=(const TestPeer&) = delete;
  ~TestPeer();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::size_t accepted() const noexcept { return accepted_; }

 private:
  void accept_all();

  std::function<void(Connection&)> serve_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> accepted_ = 0;
  Mutex mutex_;
  std::vector<int> open_ GUARDED_BY(mutex_);
  std::vector<std::thread> serving_;  // the acceptor's, until it has ended
  std::thread acceptor_;
};

}  // namespace triggers::http
