#pragma once

// One IO thread with its sessions: it takes new connections, makes room for one when the server is full, checks
// deadlines, stops. What a session does is in session.h; the thread without HTTP is in net/loop.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "http/server/open_count.h"
#include "http/server/server_state.h"
#include "http/server/session.h"
#include "http/server/session_host.h"

namespace triggers::http {

/// A connection that was accepted, on its way to a session.
struct NewConnection {
  UniqueFd socket;
  Peer peer;
  OpenCount counted;
};

/// One IO thread with its sessions.
class SessionLoop final : public SessionHost {
 public:
  /// `all`: every loop of the server, including this one. They outlive run().
  SessionLoop(ServerState& state, const std::vector<std::unique_ptr<SessionLoop>>& all);
  ~SessionLoop() override;

  // Any thread.
  /// A new connection for this loop.
  void adopt(NewConnection newcomer);
  /// A new connection while the server is full, counted in ServerState::refusing_open. It replaces a connection of any
  /// loop that waits for a request, or is refused. `moves`: how often it may choose again because another loop has the
  /// better victim, or because a request of the chosen one has arrived.
  void find_place(NewConnection newcomer, int moves = 8);
  /// Tells the handlers that wait to answer now.
  void drain();
  /// Closes every socket. run() still waits for the handlers under way.
  void abort();

  void ended(Session& session) override;

 private:
  void start_session(NewConnection newcomer, bool refused);
  [[nodiscard]] SessionLoop* loop_with_victim(TimePoint now) const noexcept;
  void choose_victim(NewConnection newcomer, int moves);
  void take_place(NewConnection newcomer, std::uint64_t choice, int moves);
  void on_tick(TimePoint now) override;
  void on_stop() override;
  [[nodiscard]] bool has_connections() const noexcept override { return !sessions_.empty(); }

  ServerState& state_;
  const std::vector<std::unique_ptr<SessionLoop>>& all_;
  std::uint64_t choices_ = 0;
  std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace triggers::http
