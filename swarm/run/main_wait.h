#pragma once

// How the main thread waits: for a time, for a signal that ends the program, or for a call of the page's threads.

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <functional>

namespace triggers::swarm {

/// The waits of the thread that owns a test. Create one, on that thread, before the program starts other threads: they
/// inherit that the signals are blocked.
class MainWait {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Blocks SIGINT, SIGTERM and, unless it is ignored, SIGHUP, so that only stop_signal_before() receives them.
  MainWait();
  MainWait(const MainWait&) = delete;
  MainWait& operator=(const MainWait&) = delete;

  /// Called on the owner's thread after each call().
  void serve_with(std::function<void()> serve) { serve_ = std::move(serve); }
  /// Waits until `until`, a signal or a call. True if one of the signals arrived; a call ends the wait early.
  bool stop_signal_before(Time until);
  /// Ends the wait of the owner's thread, now or the next one. Any thread.
  void call() noexcept;
  /// From now on a signal ends the program at once.
  void unblock() noexcept;

 private:
  pthread_t owner_;
  sigset_t signals_{};
  std::function<void()> serve_;
};

}  // namespace triggers::swarm
