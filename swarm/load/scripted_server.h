#pragma once

// For tests: an HTTP server whose responses a test writes byte for byte.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/unique_fd.h"

namespace triggers::swarm {

/// A real server for tests. A thread per connection reads requests and calls the script for each; the script chooses
/// the bytes of the response, so that it can misbehave.
class ScriptedServer {
 public:
  struct Reply {
    std::string bytes;
    bool close = false;  ///< After the bytes.
    bool reset = false;  ///< Closes so that the peer sees a reset.
  };
  /// `request` is the whole request; `number` counts the server's requests from 0. May block, to be slow.
  using Script = std::function<Reply(std::string_view request, std::size_t number)>;

  enum class Answers : std::uint8_t { whole_requests, headers };  ///< `headers`: before a request's body has come.

  explicit ScriptedServer(Script script, Answers answers = Answers::whole_requests);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::size_t requests() const noexcept { return requests_; }
  [[nodiscard]] std::size_t connections() const noexcept { return connections_; }

  /// `HTTP/1.1 200 OK` with this body.
  static Reply ok(std::string_view body = "{}");
  static Reply status(unsigned status, std::string_view body = "{}");

 private:
  void accept_all();
  void serve(int socket);

  Script script_;
  const Answers answers_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> requests_ = 0, connections_ = 0;
  std::atomic<bool> stopping_ = false;
  Mutex mutex_;
  std::vector<int> open_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // the acceptor's, until it has ended
  std::thread acceptor_;
};

}  // namespace triggers::swarm
