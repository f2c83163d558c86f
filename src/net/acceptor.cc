#include "net/acceptor.h"

#include <chrono>
#include <coroutine>
#include <thread>
#include <utility>

namespace triggers::net {
namespace {

constexpr int accepted_at_once_max = 64;  // so that a flood of connections does not delay those that are open
constexpr std::chrono::milliseconds exhausted_pause{50};
// If there is no memory even for that pause, the loop blocks for so long rather than spin.
constexpr std::chrono::milliseconds blocking_pause{5};

/// Suspends a coroutine until an operation of Asio's that reports only an error code completes.
template <class Start>
struct Completion {
  explicit Completion(Start with) : start(std::move(with)) {}
  Start start;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    start([waiting](const boost::system::error_code&) { waiting.resume(); });
  }
  void await_resume() const noexcept {}
};

}  // namespace

Acceptor::Acceptor(boost::asio::io_context& io, Listener listener, Calls calls)
    : listener_(std::move(listener)), calls_(std::move(calls)), ready_(io, listener_.fd()), pause_(io) {}

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
      co_await Completion([this](auto done) { ready_.async_wait(Descriptor::wait_read, done); });
      exhausted = !stopping_ && !accept_some();
    } catch (...) {
      calls_.failed();  // Out of memory: this connection is lost; the next may succeed.
    }
    if (!exhausted || stopping_) continue;
    try {
      // Out of file descriptors or memory: the listener stays ready, so wait for connections to end.
      pause_.expires_after(exhausted_pause);
      co_await Completion([this](auto done) { pause_.async_wait(done); });
    } catch (...) {
      std::this_thread::sleep_for(blocking_pause);
    }
  }
  const auto ended = std::move(calls_.ended);  // outlives the acceptor
  ended(*this);
}

bool Acceptor::accept_some() {
  for (int taken = 0; taken < accepted_at_once_max; ++taken) {
    auto accepted = listener_.accept();
    if (accepted.error != 0) {
      calls_.failed();
      return false;
    }
    if (!accepted.socket) return true;
    calls_.take(std::move(accepted));
  }
  return true;
}

}  // namespace triggers::net
