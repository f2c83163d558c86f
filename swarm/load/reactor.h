#pragma once

// The event loop of a load thread, on epoll. The users on it are in load_thread.h. The service's loop is in net/loop.h.

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/mutex.h"
#include "base/unique_fd.h"

namespace triggers::swarm {

using MonotonicTime = std::chrono::steady_clock::time_point;

/// One thread's event loop, directly on epoll(7): the generator's own cost distorts its measurements. A request costs
/// one send, one receive and a share of one wait. Only post() and stop() may be called on other threads.
class Reactor {
 public:
  /// Called when its descriptor is ready.
  class Source {
   public:
    virtual void ready(std::uint32_t epoll_events) = 0;

   protected:
    ~Source() = default;
  };

  /// Fires once. Must not move while it is started. The owner cancels it before destroying it.
  class Timer {
   public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    virtual ~Timer() = default;
    virtual void fire() = 0;
    [[nodiscard]] bool waits() const noexcept { return position_ != nowhere; }

   private:
    friend class Reactor;
    static constexpr std::size_t nowhere = ~std::size_t{0};
    MonotonicTime due_{};
    std::size_t position_ = nowhere;
  };

  /// Aborts if the system has no descriptor left.
  Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// Runs rounds until stop().
  void run();
  /// Runs one round: waits for the next event, timer or posted work, and handles it.
  void round();

  // Any thread.
  void post(std::function<void()> work);
  void stop();

  // This thread.
  void watch(int fd, Source& source, std::uint32_t epoll_events);
  void change(int fd, Source& source, std::uint32_t epoll_events);
  /// Call it before closing the descriptor. `source` then receives no event any more, not even one found in this round.
  void forget(int fd, Source& source);
  void start(Timer& timer, MonotonicTime due);
  void cancel(Timer& timer);
  /// Resumes the coroutine in the next round.
  void defer(std::coroutine_handle<> waiting) { deferred_.push_back(waiting); }
  /// Reverts defer() for a coroutine that is about to be destroyed.
  void undefer(std::coroutine_handle<> waiting);

 private:
  void wait_for_events();
  void run_posted();
  void run_deferred();
  void fire_due();
  void place(Timer* timer, std::size_t position);
  void sift_up(std::size_t position);
  void sift_down(std::size_t position);

  UniqueFd epoll_, wake_;
  std::array<epoll_event, 512> events_{};
  int found_ = 0;               // events of this round
  std::vector<Timer*> timers_;  // a binary heap by due time
  std::vector<std::coroutine_handle<>> deferred_, running_;
  bool has_pwait2_ = true;
  bool woken_ = false;      // in this round, by post() or stop()
  bool stop_seen_ = false;  // stopped_, as of the last wake-up

  Mutex mutex_;
  std::vector<std::function<void()>> posted_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace triggers::swarm
