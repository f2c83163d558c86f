#include "http/server/acceptor.h"

#include <thread>

#include "http/server/session_loop.h"
#include "net/transport.h"

namespace triggers::http {
namespace {

constexpr int accepted_at_once_max = 64;  // so that a flood of connections does not hold up those that are open
constexpr std::chrono::milliseconds exhausted_pause{50};
// When there is no memory even for that pause: the loop stands still, rather than spins.
constexpr std::chrono::milliseconds blocking_pause{5};

/// Waits as a coroutine for anything of Asio's that ends with an error code alone.
template <class Start>
struct Wait {
  explicit Wait(Start with) : start(std::move(with)) {}
  Start start;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    start([waiting](const boost::system::error_code&) { waiting.resume(); });
  }
  void await_resume() const noexcept {}
};

}  // namespace

Acceptor::Acceptor(Loop& home, std::span<const std::unique_ptr<Loop>> loops, ServerState& state, Listener listener)
    : home_(home),
      loops_(loops),
      state_(state),
      listener_(std::move(listener)),
      ready_(home.io(), listener_.fd()),
      pause_(home.io()) {}

Acceptor::~Acceptor() { ready_.release(); }

void Acceptor::stop() {
  stopping_ = true;
  boost::system::error_code ignored;
  ready_.cancel(ignored);
  pause_.cancel();
}

RootTask Acceptor::live() {
  while (!stopping_) {
    bool exhausted = true;
    try {
      co_await Wait([this](auto done) { ready_.async_wait(Descriptor::wait_read, done); });
      exhausted = !stopping_ && !accept_some();
    } catch (...) {
      ++state_.accept_failures;  // Out of memory: the connection at hand is gone, the next may fare better.
    }
    if (!exhausted || stopping_) continue;
    try {
      // Out of file descriptors or memory: the listener stays ready, so wait for connections to end.
      pause_.expires_after(exhausted_pause);
      co_await Wait([this](auto done) { pause_.async_wait(done); });
    } catch (...) {
      std::this_thread::sleep_for(blocking_pause);
    }
  }
  home_.ended(*this);
}

bool Acceptor::accept_some() {
  for (int taken = 0; taken < accepted_at_once_max; ++taken) {
    auto accepted = listener_.accept();
    if (accepted.error != 0) {
      ++state_.accept_failures;
      return false;
    }
    if (!accepted.socket) return true;
    hand_over(std::move(accepted));
  }
  return true;
}

void Acceptor::hand_over(Listener::Accepted accepted) {
  ++state_.accepted;
  Loop& next = *loops_[next_];
  next_ = (next_ + 1) % loops_.size();
  // Counted here and not by the session, which another thread starts later.
  if (accepted.peer.local || state_.tcp_open < state_.config.connections_max) {
    OpenCount counted(accepted.peer.local ? state_.local_open : state_.tcp_open);
    return next.adopt({std::move(accepted.socket), std::move(accepted.peer), std::move(counted)});
  }
  if (state_.refusing_open >= state_.config.refusing_max) {
    ++state_.refused;
    return;
  }
  next.find_place({std::move(accepted.socket), std::move(accepted.peer), OpenCount(state_.refusing_open)});
}

}  // namespace triggers::http
