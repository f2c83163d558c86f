#pragma once

// What a handler that waits can learn about the client that waits for it. The server and Lambda implement it:
// http/server/session.h, lambda/invocation_executor.h.

#include <chrono>

#include "base/cancellation.h"

namespace triggers::http {

struct Request;

/// The other end of a request. Used on the request's thread, until the handler (and then the StreamedBody of its
/// response) has ended. A request whose handler does not use it pays nothing for it.
class Caller {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// From now on `told` is cancelled once the client has left, `until` has come, or the server stops or drains; at
  /// once, if one of these is so already. A transport may end it before `until`, to have time for the response. A
  /// client that closes its sending side counts as one that has left, but the response is still sent to it.
  virtual void watch(Cancellation& told, TimePoint until) = 0;
  /// `told` is not used any more. Another watch may follow.
  virtual void unwatch() noexcept = 0;
  /// Whether the response may have a StreamedBody. If not, the server answers 501 in its place.
  [[nodiscard]] virtual bool takes_streams() const noexcept = 0;

 protected:
  ~Caller() = default;
};

/// Watches the client of a request while it exists: a variable of a handler that waits.
///
///     CallerWatch client(request, until);
///     const auto woken = co_await waiter.wait(version, client.cancellation());
///
/// Without a Caller, as for a command that handles its request itself, it is cancelled from the beginning
/// (`timeout`): nobody would end the wait.
class CallerWatch {
 public:
  CallerWatch(const Request& request, Caller::TimePoint until);
  CallerWatch(const CallerWatch&) = delete;
  CallerWatch& operator=(const CallerWatch&) = delete;
  ~CallerWatch();

  [[nodiscard]] Cancellation& cancellation() noexcept { return cancellation_; }

 private:
  Cancellation cancellation_;
  Caller* const caller_;
};

}  // namespace triggers::http
