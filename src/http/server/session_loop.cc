#include "http/server/session_loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <thread>

#include "base/process_start.h"
#include "http/server/acceptor.h"
#include "log/log.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds failure_pause{5};
constexpr std::chrono::seconds failure_line_interval{1};

/// Deadlines are looked at this often: a quarter of the shortest, between 5 and 250 ms.
milliseconds tick_for(const ServerConfig& config) {
  const auto shortest =
      std::min({config.header_deadline, config.body_deadline, config.idle_deadline, config.write_deadline});
  return std::clamp(shortest / 4, milliseconds{5}, milliseconds{250});
}

}  // namespace

Loop::Loop(ServerState& state) : state_(state), tick_(tick_for(state.config)) {}

Loop::~Loop() = default;

void Loop::run() {
  const Scope scope(*this);
  const auto guard = boost::asio::make_work_guard(io());
  for (const auto& acceptor : acceptors_) acceptor->start();
  for (bool ended = false; !ended;) {
    try {
      if (!ticking_) tick();
      io().run();
      ended = true;
    } catch (...) {
      // Memory has run out, most likely, for a handler of Asio's: its connection is gone, the others go on.
      tell_failure(std::current_exception());
      // Without the timer nothing was done for a connection: the next attempt may fail the same way at once.
      if (!ticking_) std::this_thread::sleep_for(failure_pause);
    }
  }
}

/// One line a second at most: a shortage may make every turn of the loop fail.
void Loop::tell_failure(const std::exception_ptr& failure) noexcept {
  ++failures_untold_;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_failure_line_) return;
  try {
    log::error("io_failed", {{"cause", cause_of(failure)}, {"times", failures_untold_}});
  } catch (...) {
    log::error("io_failed", {{"cause", "no memory"}, {"times", failures_untold_}});
  }
  next_failure_line_ = now + failure_line_interval;
  failures_untold_ = 0;
}

void Loop::adopt(Newcomer newcomer) {
  boost::asio::post(io(),
                    [this, accepted = std::move(newcomer)]() mutable { start_session(std::move(accepted), false); });
}

void Loop::find_place(Newcomer newcomer, int moves) {
  boost::asio::post(
      io(), [this, moves, accepted = std::move(newcomer)]() mutable { choose_victim(std::move(accepted), moves); });
}

void Loop::choose_victim(Newcomer newcomer, int moves) {
  const auto now = std::chrono::steady_clock::now();
  Loop* const holder = moves > 0 ? loop_with_victim(state_.loops, now) : nullptr;
  if (holder == nullptr) {
    ++state_.refused;
    return start_session(std::move(newcomer), true);
  }
  if (holder != this) return holder->find_place(std::move(newcomer), moves - 1);
  static_cast<Session&>(*victim_of(waiting_, now).line->first()).choose(++choices_, now);
  // Asio may have read bytes of it, and not told yet. It tells before it comes to this.
  boost::asio::post(io(), [this, moves, choice = choices_, accepted = std::move(newcomer)]() mutable {
    take_place(std::move(accepted), choice, moves);
  });
}

void Loop::take_place(Newcomer newcomer, std::uint64_t choice, int moves) {
  auto* const chosen = static_cast<Session*>(waiting_.chosen.first());
  if (chosen == nullptr || chosen->choice() > choice || !chosen->give_place(newcomer.counted)) {
    return choose_victim(std::move(newcomer), moves - 1);
  }
  count_eviction(state_, std::chrono::steady_clock::now());
  start_session(std::move(newcomer), false);
}

void Loop::start_session(Newcomer newcomer, bool refused) {
  sessions_.push_back(std::make_unique<Session>(*this, state_, std::move(newcomer.socket), std::move(newcomer.peer),
                                                refused, std::move(newcomer.counted)));
  Session& session = *sessions_.back();
  session.index = sessions_.size() - 1;
  try {
    session.start();
  } catch (...) {
    // It has not begun: there was no memory for its coroutine.
    sessions_.pop_back();
    throw;
  }
}

void Loop::ended(Session& session) {
  const std::size_t index = session.index;
  if (index + 1 != sessions_.size()) {
    std::swap(sessions_[index], sessions_.back());
    sessions_[index]->index = index;
  }
  sessions_.pop_back();
  end_if_done();
}

void Loop::accept_on(std::unique_ptr<Acceptor> acceptor) { acceptors_.push_back(std::move(acceptor)); }

void Loop::ended(Acceptor& acceptor) {
  std::erase_if(acceptors_, [&](const auto& one) { return one.get() == &acceptor; });
  end_if_done();
}

void Loop::stop() {
  boost::asio::post(io(), [this] {
    stopping_ = true;
    for (const auto& acceptor : acceptors_) acceptor->stop();
    for (const auto& session : sessions_) session->stop();
    end_if_done();
  });
}

void Loop::abort() {
  boost::asio::post(io(), [this] {
    for (const auto& session : sessions_) session->abort();
  });
}

void Loop::tick() {
  ticking_ = false;
  const auto now = std::chrono::steady_clock::now();
  for (const auto& session : sessions_) session->check_deadline(now);
  timer_.expires_after(tick_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
  ticking_ = true;
}

void Loop::end_if_done() {
  if (stopping_ && sessions_.empty() && acceptors_.empty()) io().stop();
}

}  // namespace triggers::http
