#pragma once

// Receives the signals that stop the server, and ends a stop that takes too long. The graceful stop is in serve.cc and
// http/server/server.h.

#include <signal.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"

namespace triggers {

struct StopTimes {
  std::chrono::milliseconds drain{0};  ///< A further signal in this time ends only the drain.
  std::chrono::milliseconds grace{0};  ///< For answering requests.
  std::chrono::milliseconds limit{0};  ///< For the rest. Then the process ends itself.
};

/// Waits for the signals that stop a server, on a thread of its own, and ends the process at once, with status 1 and a
/// line that says what was not finished, when a stop
/// - is requested again, by SIGTERM or SIGINT, 250 ms or more after the first signal, or
/// - has taken longer than drain, grace and limit together.
///
/// A signal less than 250 ms after the first is the same request, and ignored: `timeout` and process managers signal a
/// process and its group, so one stop may arrive as several signals.
///
/// So a stop ends in bounded time, whatever a disk, a network or our own code does. Ending at once is like a crash:
/// every write that a client was told of is in the store's log.
class StopWatchdog {
 public:
  /// Blocks the signals in the calling thread, so make it before any other thread. SIGTERM, SIGINT, and SIGHUP, unless
  /// that is ignored (nohup).
  explicit StopWatchdog(StopTimes times);
  StopWatchdog(const StopWatchdog&) = delete;
  StopWatchdog& operator=(const StopWatchdog&) = delete;
  /// Stops watching: from now on the process must end by itself.
  ~StopWatchdog();

  /// Whether a signal has come: for long steps before wait() is called.
  [[nodiscard]] bool asked();
  /// Blocks until a signal has come, and returns it.
  int wait();
  /// Blocks until the drain is over. Call it right after wait().
  void wait_for_drain();
  /// What the process does from now on, such as `answering requests`, for the line that an end at once writes. That
  /// line also has the result of `detail`, which may be empty. It is called on another thread, and not after the next
  /// call of enter() has begun.
  void enter(std::string_view stage, std::function<std::string()> detail = {});

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void run();
  /// A signal, or 0 at `until`.
  int next_signal(TimePoint until) const;
  [[noreturn]] void end_at_once(std::string_view why) REQUIRES(mutex_);

  const StopTimes times_;
  sigset_t signals_{};
  Mutex mutex_;
  Condition changed_;
  int signal_ GUARDED_BY(mutex_) = 0;
  TimePoint signal_at_ GUARDED_BY(mutex_);  ///< When `signal_` arrived.
  TimePoint drain_until_ GUARDED_BY(mutex_) = TimePoint::max();
  TimePoint end_at_ GUARDED_BY(mutex_) = TimePoint::max();
  bool over_ GUARDED_BY(mutex_) = false;
  std::string_view stage_ GUARDED_BY(mutex_) = "starting";
  std::function<std::string()> detail_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace triggers
