#include "swarm/load/running_user.h"

#include "base/invariant.h"

namespace triggers::swarm {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

struct RunningUser::Sleep {
  RunningUser& user;
  nanoseconds time;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const {
    user.timer_.waiting = waiting;
    user.timer_.reactor.start(user.timer_, steady_clock::now() + time);
  }
  void await_resume() const noexcept {}
};

struct RunningUser::NextArrival {
  RunningUser& user;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const {
    user.idle_ = waiting;
    user.owner_.user_is_idle(user);
  }
  void await_resume() const noexcept {}
};

/// Lets the other users run first.
struct RunningUser::NextRound {
  Reactor& reactor;
  std::coroutine_handle<> waiting{};
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> suspended) {
    waiting = suspended;
    reactor.defer(suspended);
  }
  void await_resume() noexcept { waiting = nullptr; }
  explicit NextRound(Reactor& on) : reactor(on) {}
  NextRound(const NextRound&) = delete;
  NextRound& operator=(const NextRound&) = delete;
  ~NextRound() {
    if (waiting) reactor.undefer(waiting);
  }
};

RunningUser::RunningUser(Owner& owner, const UserClass& user_class, std::size_t class_index, UserContext context)
    : owner_(owner),
      class_(user_class),
      class_index_(class_index),
      context_(context),
      user_(user_class.make(context_)),
      timer_(context_.connections().reactor) {}

void RunningUser::start() {
  coroutine_ = live();
  coroutine_.start();
}

UserCoroutine RunningUser::live() {
  bool started = true, connected = true;
  in_task_ = true;
  try {
    if (owner_.open_model()) connected = co_await user_->connect();
    co_await user_->on_start();
  } catch (const std::exception& error) {
    // As in Locust, a user whose on_start throws ends; unlike Locust, we count the exception.
    context_.recorder().record_exception(error.what(), class_.name() + ".on_start");
    started = false;
  }
  in_task_ = false;
  ready_ = started && !user_->leaves();
  if (ready_) owner_.user_is_ready(*this, connected);
  while (ready_ && !stopping_ && !user_->leaves()) {
    if (owner_.open_model()) {
      NextArrival arrival{*this};
      co_await arrival;
    } else if (!owner_.take_task()) {
      Sleep until_stopped{*this, std::chrono::hours{24}};
      co_await until_stopped;
      continue;
    }
    const std::uint64_t requests_before = context_.requests();
    in_task_ = true;
    co_await run_task();
    in_task_ = false;
    owner_.task_done();
    if (stopping_ || user_->leaves()) break;
    const nanoseconds wait = owner_.no_wait() || owner_.open_model() ? nanoseconds{0} : draw_wait();
    if (wait > nanoseconds{0}) {
      Sleep sleep{*this, wait};
      co_await sleep;
    } else if (context_.requests() == requests_before) {
      NextRound round{context_.connections().reactor};
      co_await round;
    }
  }
  if (ready_) co_await run_on_stop();
  owner_.ended(*this);
}

UserCoroutine RunningUser::run_out() {
  co_await run_on_stop();
  owner_.ended(*this);
}

Task<void> RunningUser::run_on_stop() {
  if (!user_->has_on_stop()) co_return;
  leaving_ = true;
  try {
    co_await user_->on_stop();
  } catch (const std::exception& error) {
    context_.recorder().record_exception(error.what(), class_.name() + ".on_stop");
  }
}

bool RunningUser::begin_leaving(MonotonicTime kill_at) {
  if (leaving_ || !ready_ || !user_->has_on_stop()) return false;
  stopping_ = leaving_ = true;
  in_task_ = false;
  kill_at_ = kill_at;
  coroutine_ = run_out();
  coroutine_.start();
  return true;
}

nanoseconds RunningUser::draw_wait() {
  if (const auto own = user_->own_wait()) return *own;
  return class_.draw_wait(context_.random().unit());
}

Task<void> RunningUser::run_task() {
  if (user_->chooses_task()) {
    co_await user_->run_own_task();
    co_return;
  }
  const UserClass::TaskChoice& task = class_.choose_task(context_.random().unit());
  try {
    co_await task.run(*user_);
  } catch (const std::exception& error) {
    context_.recorder().record_exception(error.what(), class_.name() + "." + task.name);
  }
}

bool RunningUser::stop_after_task(MonotonicTime kill_at) {
  stopping_ = true;
  kill_at_ = kill_at;
  if (in_task_ || leaving_) return false;
  kill();
  return !begin_leaving(kill_at + User::on_stop_max);
}

void RunningUser::begin_task(MonotonicTime due) {
  INVARIANT(idle_ && !in_task_, "a task begins for a user that waits for none");
  context_.set_due(due);
  due_ = due;
  std::exchange(idle_, nullptr).resume();
}

}  // namespace triggers::swarm
