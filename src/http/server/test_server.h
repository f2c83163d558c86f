#pragma once

// For tests: a server that answers with what it was sent, a gate that holds its handlers back, a client that sends raw
// bytes, and the status that each protocol error must get. The API without sockets is in api/test_service.h.

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/turn_pool.h"
#include "base/unique_fd.h"
#include "http/server/server.h"

namespace triggers::http {

/// Holds handlers back until a test opens it.
class Gate {
 public:
  auto wait() {
    struct Awaiter {
      Gate& gate;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> handle) { return gate.hold(handle); }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }
  void open();
  /// Blocks until so many wait.
  void await_waiting(std::size_t count);

 private:
  bool hold(std::coroutine_handle<> handle);

  Mutex mutex_;
  Condition changed_;
  bool open_ GUARDED_BY(mutex_) = false;
  std::vector<std::pair<Executor*, std::coroutine_handle<>>> waiting_ GUARDED_BY(mutex_);
};

/// What a raw client read.
struct RawResponse {
  unsigned status = 0;  ///< 0: the connection ended first.
  std::string head;
  std::string body;

  [[nodiscard]] bool has(std::string_view line) const { return head.find(line) != std::string::npos; }
};

/// A socket that a test writes bytes to.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0);
  explicit RawClient(const std::string& unix_path);

  /// False if the server closed before it had read everything; its response can still be read.
  bool send(std::string_view bytes);
  void send_end();
  /// Closes the connection; with a reset if `rudely`.
  void leave(bool rudely = false);
  /// `with_body`: false for the answer to HEAD.
  RawResponse receive(bool with_body = true);
  /// A chunk of a body in chunks: empty for the last one. Nothing if the connection ended first.
  std::optional<std::string> receive_chunk();
  /// Whether bytes (or the end) are there to be received, now or soon.
  bool readable_within(std::chrono::milliseconds time);
  /// Everything up to the end of the connection.
  std::string receive_all();
  /// True if the connection ends (or was reset) before another byte.
  bool ends();

 private:
  bool fill();
  std::optional<std::string> receive_line();

  UniqueFd socket_;
  std::string unread_;
};

/// A server whose handler answers `200` with what it was sent: "METHOD target body".
///   /throw   throws          /wait   waits for the gate          /large   answers 8 MiB          /close   closes
class TestServer {
 public:
  TestServer() { config.host = "127.0.0.1", config.port = 0, config.threads = 1; }
  ~TestServer();

  TestServer& start();
  void stop(std::chrono::milliseconds grace = std::chrono::seconds{5}) { server->stop(grace); }
  RawClient connect() const { return RawClient(server->port()); }
  /// One request on a connection of its own.
  RawResponse ask(std::string_view bytes) const;
  std::size_t handled() const { return handled_; }

  /// A request needs `Key: <tenant>`, or its head is refused with 401. /free needs none, and takes no body;
  /// /wait-admitted waits for the gate; /throw-admitting throws. Before start().
  void use_admission() { admits_ = true; }
  /// The targets that were handled so far, in their order.
  std::vector<std::string> targets();
  /// How often admission was called, and the sum of the body sizes that tickets were told.
  std::size_t asked() const { return asked_; }
  std::size_t charged_bytes() const { return charged_bytes_; }

  ServerConfig config;
  Gate gate;
  Handler handler;  ///< Instead of the one above, if it is set. Before start().
  TurnPool decoders{1};
  bool decodes_aside = true;  ///< Before start().
  std::unique_ptr<Server> server;

 private:
  Task<Response> handle(const Request& request);
  Task<Admission> admit(const Request& head);

  bool admits_ = false;
  std::atomic<std::size_t> handled_ = 0, asked_ = 0, charged_bytes_ = 0;
  Mutex mutex_;
  std::vector<std::string> targets_ GUARDED_BY(mutex_);
};

/// The status that protocol_error.h promises for a problem.
unsigned status_of(ProtocolProblem problem) noexcept;

}  // namespace triggers::http
