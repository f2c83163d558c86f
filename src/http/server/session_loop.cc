#include "http/server/session_loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/invariant.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;

/// How often deadlines are checked: a quarter of the shortest one, between 5 and 250 ms.
milliseconds tick_for(const ServerConfig& config) {
  const auto shortest =
      std::min({config.header_deadline, config.body_deadline, config.idle_deadline, config.write_deadline});
  return std::clamp(shortest / 4, milliseconds{5}, milliseconds{250});
}

}  // namespace

SessionLoop::SessionLoop(ServerState& state, const std::vector<std::unique_ptr<SessionLoop>>& all)
    : SessionHost(tick_for(state.config)), state_(state), all_(all) {}

SessionLoop::~SessionLoop() = default;

void SessionLoop::adopt(NewConnection newcomer) {
  boost::asio::post(io(),
                    [this, accepted = std::move(newcomer)]() mutable { start_session(std::move(accepted), false); });
}

void SessionLoop::find_place(NewConnection newcomer, int moves) {
  boost::asio::post(
      io(), [this, moves, accepted = std::move(newcomer)]() mutable { choose_victim(std::move(accepted), moves); });
}

/// The loop with the best victim; null if every connection has a request under way.
SessionLoop* SessionLoop::loop_with_victim(TimePoint now) const noexcept {
  SessionLoop* best_loop = nullptr;
  Victim best;
  for (const auto& loop : all_) {
    const Victim victim = victim_of(std::as_const(*loop).queues(), now);
    if (!victim.goes_before(best)) continue;
    best_loop = loop.get();
    best = victim;
  }
  return best_loop;
}

void SessionLoop::choose_victim(NewConnection newcomer, int moves) {
  const auto now = std::chrono::steady_clock::now();
  SessionLoop* const holder = moves > 0 ? loop_with_victim(now) : nullptr;
  if (holder == nullptr) {
    ++state_.refused;
    return start_session(std::move(newcomer), true);
  }
  if (holder != this) return holder->find_place(std::move(newcomer), moves - 1);
  const EvictionQueue* const queue = victim_of(queues(), now).queue;
  INVARIANT(queue != nullptr && queue->first() != nullptr, "the loop has published a victim that it does not have");
  static_cast<Session&>(*queue->first()).choose(++choices_, now);
  // Asio may have read bytes of it without having reported them. It reports them before it runs this handler.
  boost::asio::post(io(), [this, moves, choice = choices_, accepted = std::move(newcomer)]() mutable {
    take_place(std::move(accepted), choice, moves);
  });
}

void SessionLoop::take_place(NewConnection newcomer, std::uint64_t choice, int moves) {
  auto* const chosen = static_cast<Session*>(queues().chosen.first());
  if (chosen == nullptr || chosen->choice() > choice || !chosen->give_place(newcomer.counted)) {
    return choose_victim(std::move(newcomer), moves - 1);
  }
  count_eviction(state_, std::chrono::steady_clock::now());
  start_session(std::move(newcomer), false);
}

void SessionLoop::start_session(NewConnection newcomer, bool refused) {
  sessions_.push_back(std::make_unique<Session>(*this, state_, std::move(newcomer.socket), std::move(newcomer.peer),
                                                refused, std::move(newcomer.counted)));
  Session& session = *sessions_.back();
  session.index = sessions_.size() - 1;
  try {
    session.start();
  } catch (...) {
    // There was no memory for its coroutine, so it has not begun.
    sessions_.pop_back();
    throw;
  }
}

void SessionLoop::ended(Session& session) {
  const std::size_t index = session.index;
  INVARIANT(index < sessions_.size() && sessions_[index].get() == &session,
            "the session at %zu of %zu is not the one that has ended", index, sessions_.size());
  if (index + 1 != sessions_.size()) {
    std::swap(sessions_[index], sessions_.back());
    sessions_[index]->index = index;
  }
  sessions_.pop_back();
  end_if_done();
}

void SessionLoop::on_stop() {
  for (const auto& session : sessions_) session->stop();
}

void SessionLoop::drain() {
  boost::asio::post(io(), [this] {
    for (const auto& session : sessions_) session->drain();
  });
}

void SessionLoop::abort() {
  boost::asio::post(io(), [this] {
    for (const auto& session : sessions_) session->abort();
  });
}

void SessionLoop::on_tick(TimePoint now) {
  for (const auto& session : sessions_) session->check_deadline(now);
}

}  // namespace triggers::http
