#pragma once

// One user on its load thread: the coroutine that runs its start, tasks and waits, and stopping it. What a kind of user
// does is in user.h; which kinds there are is in user_class.h.

#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

#include "swarm/load/user.h"
#include "swarm/load/user_class.h"

namespace triggers::swarm {

/// The coroutine that runs a user. Destroying it ends the user at its current suspension.
class UserCoroutine {
 public:
  struct promise_type {
    UserCoroutine get_return_object() {
      return UserCoroutine{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };

  UserCoroutine() = default;
  explicit UserCoroutine(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  UserCoroutine(UserCoroutine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  UserCoroutine& operator=(UserCoroutine&& other) noexcept {
    end();
    handle_ = std::exchange(other.handle_, nullptr);
    return *this;
  }
  ~UserCoroutine() { end(); }

  void start() { handle_.resume(); }
  void end() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

/// One user on its load thread. In the open model it first connects. It runs on_start, then tasks until it is stopped:
/// with waits between them in the closed model, or one task for each arrival in the open model.
class RunningUser {
 public:
  /// The load thread, as its users see it.
  class Owner {
   public:
    [[nodiscard]] virtual bool no_wait() const noexcept = 0;
    [[nodiscard]] virtual bool open_model() const noexcept = 0;
    /// Closed model: false if the test has no task left.
    virtual bool take_task() noexcept = 0;
    /// A task has ended. Not called for a user that is killed in its task.
    virtual void task_done() noexcept = 0;
    /// The user's coroutine is about to end.
    virtual void ended(RunningUser& user) = 0;
    /// The user's start has ended: it is connected (open model), or could not connect, and on_start has returned.
    virtual void user_is_ready(RunningUser& user, bool connected) = 0;
    /// Open model: the user waits for begin_task().
    virtual void user_is_idle(RunningUser& user) = 0;

   protected:
    ~Owner() = default;
  };

  RunningUser(Owner& owner, const UserClass& user_class, std::size_t class_index, UserContext context);

  void start();
  /// Ends the user after its current task, or now if it is between tasks. True if it has ended; otherwise the thread
  /// kills it at `kill_at`.
  bool stop_after_task(MonotonicTime kill_at);
  /// Ends the user at once.
  void kill() {
    coroutine_.end();
    timer_.reactor.cancel(timer_);  // it would resume the destroyed coroutine
  }
  /// After kill(): runs the user's on_stop until `kill_at`, and then calls ended(), perhaps within this call. False if
  /// there is nothing to run.
  bool begin_leaving(MonotonicTime kill_at);
  /// Open model: begins a task that was due at `due`. Only while the user is idle.
  void begin_task(MonotonicTime due);

  [[nodiscard]] std::size_t class_index() const noexcept { return class_index_; }
  [[nodiscard]] bool stopping() const noexcept { return stopping_; }
  [[nodiscard]] bool in_task() const noexcept { return in_task_; }
  /// begin_leaving() was called.
  [[nodiscard]] bool leaving() const noexcept { return leaving_; }
  /// Its start has ended.
  [[nodiscard]] bool ready() const noexcept { return ready_; }
  /// When its current or last task was due; open model only.
  [[nodiscard]] MonotonicTime due() const noexcept { return due_; }
  [[nodiscard]] MonotonicTime kill_at() const noexcept { return kill_at_; }
  std::size_t position = 0;  ///< Its index in the thread's list.

 private:
  struct WaitTimer final : Reactor::Timer {
    explicit WaitTimer(Reactor& owner) : reactor(owner) {}
    WaitTimer(const WaitTimer&) = delete;
    WaitTimer& operator=(const WaitTimer&) = delete;
    ~WaitTimer() override { reactor.cancel(*this); }
    void fire() override { std::exchange(waiting, nullptr).resume(); }
    Reactor& reactor;
    std::coroutine_handle<> waiting;
  };
  struct Sleep;
  struct NextArrival;
  struct NextRound;

  UserCoroutine live();
  UserCoroutine run_out();
  Task<void> run_on_stop();
  Task<void> run_task();
  std::chrono::nanoseconds draw_wait();

  Owner& owner_;
  const UserClass& class_;
  std::size_t class_index_;
  UserContext context_;
  std::unique_ptr<User> user_;
  WaitTimer timer_;
  std::coroutine_handle<> idle_;  // set while the user waits for an arrival
  bool ready_ = false;
  bool in_task_ = false;
  MonotonicTime due_{};
  bool stopping_ = false;
  bool leaving_ = false;
  MonotonicTime kill_at_{};
  UserCoroutine coroutine_;  // last member: the coroutine uses all of the above
};

}  // namespace triggers::swarm
