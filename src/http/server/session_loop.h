#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include "http/server/eviction.h"
#include "http/server/session.h"
#include "http/wire/response_writer.h"
#include "net/io_executor.h"

namespace triggers::http {

class Acceptor;

/// A connection that was accepted, on its way to a session.
struct Newcomer {
  UniqueFd socket;
  Peer peer;
  OpenCount counted;
};

/// One IO thread: its sockets, its sessions, and the coroutines that are to be resumed on it.
class Loop final : public IoExecutor {
 public:
  explicit Loop(ServerState& state);
  ~Loop() override;

  /// Runs until stop() was called and the last session and acceptor have ended.
  void run();

  // Any thread.
  /// A new connection for this loop.
  void adopt(Newcomer newcomer);
  /// A new connection, counted in ServerState::refusing_open, although no place is free. It takes the place of one that
  /// waits for a request, on whichever loop, or is refused. `moves`: how often it may choose again, because another
  /// loop has the better victim, or a request of the chosen one has come.
  void find_place(Newcomer newcomer, int moves = 8);
  /// Who could give its place; see WaitingLine for what a thread may do.
  [[nodiscard]] const WaitingConnections& waiting() const noexcept { return waiting_; }
  /// Stops the acceptors, ends the sessions that wait for a request, lets the others finish.
  void stop();
  /// Closes every socket. Handlers that run are waited for.
  void abort();

  /// Before run(), which starts it.
  void accept_on(std::unique_ptr<Acceptor> acceptor);

  // This thread.
  [[nodiscard]] WaitingConnections& waiting() noexcept { return waiting_; }
  void ended(Session& session);
  void ended(Acceptor& acceptor);
  [[nodiscard]] bool stopping() const noexcept { return stopping_; }
  [[nodiscard]] std::string_view date() { return date_.now(); }
  /// Where a session makes its answer; good until it suspends.
  [[nodiscard]] std::string& answer_buffer() noexcept { return answer_buffer_; }

 private:
  void start_session(Newcomer newcomer, bool refused);
  void choose_victim(Newcomer newcomer, int moves);
  void take_place(Newcomer newcomer, std::uint64_t choice, int moves);
  void tick();
  void tell_failure(const std::exception_ptr& failure) noexcept;
  void end_if_done();

  ServerState& state_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock> timer_{io()};
  std::chrono::milliseconds tick_;
  DateText date_;
  std::string answer_buffer_;
  std::uint64_t choices_ = 0;
  std::uint64_t failures_untold_ = 0;
  std::chrono::steady_clock::time_point next_failure_line_{};
  bool ticking_ = false;
  bool stopping_ = false;
  WaitingConnections waiting_;  // outlives the sessions, which stand in it
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

}  // namespace triggers::http
