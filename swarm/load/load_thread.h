#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "swarm/load/arrivals.h"
#include "swarm/load/load.h"
#include "swarm/load/running_user.h"

namespace triggers::swarm {

/// One thread that sends: its reactor, its users, what it has counted.
class LoadThread {
 public:
  /// `index` of `options.threads`: its share of the users and of the rate. `tls` may be null.
  LoadThread(const Target& target, const std::vector<const UserClass*>& classes, const LoadOptions& options,
             const net::TlsClientContext* tls, StartWatch& start, std::size_t index);
  LoadThread(const LoadThread&) = delete;
  LoadThread& operator=(const LoadThread&) = delete;
  /// Kills its users.
  ~LoadThread();

  // Any thread.
  /// So many users of each class on this thread.
  void set_users(std::vector<std::size_t> by_class, std::chrono::nanoseconds stop_timeout);
  /// Waits until it has no user: set_users(none) was called before.
  void wait_until_idle();
  /// Has no user, and has done all that set_users() said.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] std::size_t users(std::size_t class_index) const noexcept {
    return counts_[class_index].load(std::memory_order_relaxed);
  }
  [[nodiscard]] Statistics take() { return recorder_.take(); }
  [[nodiscard]] Schedule schedule() const;
  [[nodiscard]] std::chrono::nanoseconds processor_time();

  // Its own thread, for its users.
  [[nodiscard]] bool no_wait() const noexcept { return options_.no_wait; }
  [[nodiscard]] bool open_model() const noexcept { return options_.rate.has_value(); }
  void ended(RunningUser& user);
  void is_free(RunningUser& user);

 private:
  struct Tick final : Reactor::Timer {
    explicit Tick(LoadThread& owner) : thread(owner) {}
    void fire() override { thread.serve_arrivals(); }
    LoadThread& thread;
  };
  struct KillTimer final : Reactor::Timer {
    explicit KillTimer(LoadThread& owner) : thread(owner) {}
    void fire() override { thread.kill_overdue(std::chrono::steady_clock::now()); }
    LoadThread& thread;
  };

  void apply(const std::vector<std::size_t>& by_class, std::chrono::nanoseconds stop_timeout);
  void start_user(std::size_t class_index);
  void stop_user(RunningUser& user, std::chrono::nanoseconds stop_timeout);
  void remove(RunningUser& user);
  void kill_overdue(MonotonicTime now);
  void start_arrivals();
  void end_arrivals();
  void serve_arrivals();

  const Target& target_;
  const std::vector<const UserClass*>& classes_;
  const LoadOptions& options_;
  std::size_t index_;
  std::size_t started_ = 0;
  Reactor reactor_;
  Recorder recorder_;
  Random random_;
  ConnectionContext connections_;

  std::optional<Arrivals> arrivals_;
  std::deque<RunningUser*> free_;  // those that wait for an arrival, longest first
  bool starving_ = false;          // something is due, and no user was free
  MonotonicTime starved_until_{};  // what was due before had to wait for a user
  Tick tick_{*this};
  KillTimer kill_timer_{*this};
  std::vector<std::unique_ptr<RunningUser>> users_;
  std::vector<std::unique_ptr<RunningUser>> gone_;  // ended in their own coroutine: freed a round later

  std::vector<std::atomic<std::size_t>> counts_;  // running and not being stopped, by class
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t alive_ = 0;    // guarded by mutex_
  std::size_t pending_ = 0;  // guarded by mutex_; set_users() that are not applied yet
  Schedule schedule_;        // guarded by mutex_
  std::thread thread_;       // last: it uses all of the above
};

}  // namespace triggers::swarm
