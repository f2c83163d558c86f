// The part of Session that watches its client for a handler that waits (http/wire/caller.h): it reads ahead, because a
// connection's end is only found by reading. Everything else of a session is in session.cc.

#include <algorithm>

#include "base/invariant.h"
#include "http/server/session.h"
#include "http/server/session_host.h"

namespace triggers::http {
namespace {

// How much of the next requests is kept of a client that sends them before its response. If it sends more, that stays
// in the system's buffers, and the end behind it is not found.
constexpr std::size_t ahead_bytes_max = 4 * 1024;

}  // namespace

void Session::watch(Cancellation& told, TimePoint until) {
  INVARIANT(phase_ == Phase::handling, "a client is watched in phase %d", static_cast<int>(phase_));
  INVARIANT(told_ == nullptr, "the client of a request is watched twice");
  if (loop_.stopping() || state_.draining.load(std::memory_order_relaxed)) {
    return told.cancel(Cancellation::Reason::stopping);
  }
  if (client_left_) return told.cancel(Cancellation::Reason::gone);
  if (!reads_ahead_) read_ahead();  // First, because it may throw.
  if (client_left_) return told.cancel(Cancellation::Reason::gone);
  told_ = &told;
  watched_until_ = deadline_ = until;
}

void Session::unwatch() noexcept {
  told_ = nullptr;
  if (phase_ == Phase::handling) deadline_ = TimePoint::max();
}

void Session::tell(Cancellation::Reason reason) noexcept {
  if (told_ != nullptr) told_->cancel(reason);
}

/// Reads until the client has left, has sent too much, or end_reading_ahead() is called.
RootTask Session::read_ahead() {
  reads_ahead_ = true;
  try {
    for (;;) {
      const std::span<char> space = buffer_.space(ReadBuffer::initial_bytes, ahead_bytes_max);
      if (space.empty()) break;
      const net::IoOperation read = co_await transport_.read_some(space);
      if (!read.error) buffer_.written(read.bytes);
      if (ahead_ended_) break;
      if (read.error) {
        client_left_ = true;
        tell(Cancellation::Reason::gone);
        break;
      }
    }
  } catch (...) {
    // There is no memory to watch it, so the handler answers now.
    tell(Cancellation::Reason::timeout);
  }
  reads_ahead_ = false;
  if (ahead_ended_) loop_.resume_surely({&ahead_ended_, 1});
}

/// Before anything else reads or uses the buffer.
Task<void> Session::end_reading_ahead() {
  struct Ended {
    Session& session;
    bool await_ready() const noexcept { return !session.reads_ahead_; }
    void await_suspend(std::coroutine_handle<> handle) const noexcept {
      session.ahead_ended_ = handle;
      session.transport_.cancel();
    }
    void await_resume() const noexcept { session.ahead_ended_ = nullptr; }
  };
  Ended ended{*this};
  co_await ended;
}

}  // namespace triggers::http
