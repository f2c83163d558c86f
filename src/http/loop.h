#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include "http/io_executor.h"
#include "http/response_writer.h"
#include "http/session.h"

namespace triggers::http {

class Acceptor;

/// One IO thread: its sockets, its sessions, and the coroutines that are to be resumed on it.
class Loop final : public IoExecutor {
 public:
  explicit Loop(ServerState& state);
  ~Loop() override;

  /// Runs until stop() was called and the last session and acceptor have ended.
  void run();

  // Any thread.
  /// A new connection for this loop.
  void adopt(UniqueFd socket, Peer peer, bool refused, OpenCount counted);
  /// Stops the acceptors, ends the sessions that wait for a request, lets the others finish.
  void stop();
  /// Closes every socket. Handlers that run are waited for.
  void abort();

  /// Before run(), which starts it.
  void accept_on(std::unique_ptr<Acceptor> acceptor);

  // This thread.
  void ended(Session& session);
  void ended(Acceptor& acceptor);
  [[nodiscard]] bool stopping() const noexcept { return stopping_; }
  [[nodiscard]] std::string_view date() { return date_.now(); }
  /// Where a session makes its answer; good until it suspends.
  [[nodiscard]] std::string& answer_buffer() noexcept { return answer_buffer_; }

 private:
  void start_session(UniqueFd socket, Peer peer, bool refused, OpenCount counted);
  void tick();
  void tell_failure(const std::exception_ptr& failure) noexcept;
  void end_if_done();

  ServerState& state_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock> timer_{io()};
  std::chrono::milliseconds tick_;
  DateText date_;
  std::string answer_buffer_;
  std::uint64_t failures_untold_ = 0;
  std::chrono::steady_clock::time_point next_failure_line_{};
  bool ticking_ = false;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

}  // namespace triggers::http
