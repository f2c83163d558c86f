#pragma once

// One thread of a load: starts and stops its users, gives them the tasks of the open model, and has their statistics
// and its CPU time. All threads together are in load_generator.h; one user is in running_user.h.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "swarm/load/arrivals.h"
#include "swarm/load/load_options.h"
#include "swarm/load/own_shortages.h"
#include "swarm/load/running_user.h"
#include "swarm/load/schedule.h"
#include "swarm/load/start_watch.h"
#include "swarm/load/task_budget.h"

namespace triggers::swarm {

/// What the threads of one load share.
struct LoadShared {
  explicit LoadShared(std::optional<std::uint64_t> tasks) : budget(tasks) {}
  StartWatch start;
  ShortageCount shortages;
  TaskBudget budget;
};

/// One load thread: its reactor, its users and its statistics.
class LoadThread final : public RunningUser::Owner {
 public:
  /// The thread is number `index` of `options.threads`, and runs that share of the rate. `tls` may be null.
  LoadThread(const Target& target, const std::vector<const UserClass*>& classes, const LoadOptions& options,
             const net::TlsClientContext* tls, LoadShared& shared, std::size_t index);
  LoadThread(const LoadThread&) = delete;
  LoadThread& operator=(const LoadThread&) = delete;
  /// Ends its users at once.
  ~LoadThread();

  // Any thread.
  /// Sets the number of users of each class on this thread.
  void set_users(std::vector<std::size_t> by_class, std::chrono::nanoseconds stop_timeout);
  /// Waits until no user is left. Call set_users() with zeros first.
  void wait_until_idle();
  /// True if no user is left and every set_users() call has taken effect.
  [[nodiscard]] bool idle() const;
  /// True if some of the users that set_users() asked for have not started yet; in the open model, if they have not
  /// tried to connect yet.
  [[nodiscard]] bool starting() const;
  /// Open model: the first task is due at `start`. Before, users only connect.
  void start_schedule(MonotonicTime start);
  /// Counts only what is sent at `from` or later. Call it before then.
  void count_from(MonotonicTime from);
  [[nodiscard]] Uncounted uncounted() const { return recorder_.uncounted(); }
  [[nodiscard]] std::size_t users(std::size_t class_index) const noexcept {
    return counts_[class_index].load(std::memory_order_relaxed);
  }
  [[nodiscard]] Statistics take() { return recorder_.take(); }
  [[nodiscard]] Schedule schedule() const;
  [[nodiscard]] std::chrono::nanoseconds processor_time();
  /// For how long the thread was ready to run and had no processor; zero if the kernel does not say so.
  [[nodiscard]] std::chrono::nanoseconds processor_wait() const;

 private:
  [[nodiscard]] bool no_wait() const noexcept override { return options_.no_wait; }
  [[nodiscard]] bool open_model() const noexcept override { return options_.rate.has_value(); }
  bool take_task() noexcept override { return shared_.budget.take(); }
  void task_done() noexcept override { shared_.budget.done(); }
  void ended(RunningUser& user) override;
  void user_is_ready(RunningUser& user, bool connected) override;
  void user_is_idle(RunningUser& user) override;

  struct Tick final : Reactor::Timer {
    explicit Tick(LoadThread& owner) : thread(owner) {}
    void fire() override { thread.begin_due_tasks(); }
    LoadThread& thread;
  };
  struct Starter final : Reactor::Timer {
    explicit Starter(LoadThread& owner) : thread(owner) {}
    void fire() override { thread.start_missing_users(); }
    LoadThread& thread;
  };
  struct KillTimer final : Reactor::Timer {
    explicit KillTimer(LoadThread& owner) : thread(owner) {}
    void fire() override { thread.kill_overdue(std::chrono::steady_clock::now()); }
    LoadThread& thread;
  };

  void apply(const std::vector<std::size_t>& by_class, std::chrono::nanoseconds stop_timeout);
  void start_missing_users();
  void start_user(std::size_t class_index);
  void stop_user(RunningUser& user, std::chrono::nanoseconds stop_timeout);
  void let_leave(RunningUser& user);
  void remove(RunningUser& user);
  void cut_off(const RunningUser& user);
  void kill_overdue(MonotonicTime now);
  void begin_arrivals(MonotonicTime start);
  void end_arrivals(bool user_free);
  void begin_due_tasks();
  void wait_for_next_arrival();

  const Target& target_;
  const std::vector<const UserClass*>& classes_;
  const LoadOptions& options_;
  LoadShared& shared_;
  std::size_t index_;
  std::atomic<int> thread_id_ = 0;
  std::size_t started_ = 0;
  std::vector<std::size_t> missing_;  // users to start, by class
  std::size_t missing_count_ = 0;     // of all classes
  std::size_t starting_ = 0;          // users that have started and are not ready yet
  Reactor reactor_;
  Recorder recorder_;
  Random random_;
  ConnectionContext connections_;

  std::optional<Arrivals> arrivals_;
  std::deque<RunningUser*> free_;       // idle users, the one that has waited longest first
  bool out_of_users_ = false;           // a task is due and no user is idle
  MonotonicTime out_of_users_until_{};  // tasks that were due before this time had to wait for a user
  MonotonicTime count_from_ = MonotonicTime::min();
  Tick tick_{*this};
  Starter starter_{*this};
  KillTimer kill_timer_{*this};
  std::vector<std::unique_ptr<RunningUser>> users_;
  std::vector<std::unique_ptr<RunningUser>>
      ended_users_;  // ended within their own coroutine: destroyed in the next round

  std::vector<std::atomic<std::size_t>> counts_;  // by class; without users that are stopping
  mutable Mutex mutex_;
  triggers::Condition idle_;  // not the gate's
  std::size_t user_count_ GUARDED_BY(mutex_) = 0;
  std::size_t pending_ GUARDED_BY(mutex_) = 0;  // set_users() calls that have not taken effect yet
  std::size_t unready_ GUARDED_BY(mutex_) = 0;  // missing_count_ + starting_
  Schedule schedule_ GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace triggers::swarm
