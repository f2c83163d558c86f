#include "swarm/load/load_thread.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <future>
#include <string>

#include "base/invariant.h"
#include "base/thread_name.h"

namespace triggers::swarm {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace {

// If a task begins this late although a user was idle, the generator itself was too slow.
constexpr std::chrono::milliseconds late{10};

// Users start in turns with the responses to those that have started, so that starting many delays no measurement.
constexpr std::chrono::microseconds start_turn{100};

// Connections that all threads open at the same time before a schedule begins. A service's queue of new connections may
// be short, and a connection that finds it full is delayed for a second.
constexpr std::size_t connecting_max = 100;

}  // namespace

LoadThread::LoadThread(const Target& target, const std::vector<const UserClass*>& classes, const LoadOptions& options,
                       const net::TlsClientContext* tls, LoadShared& shared, std::size_t index)
    : target_(target),
      classes_(classes),
      options_(options),
      shared_(shared),
      index_(index),
      missing_(classes.size()),
      connections_{.reactor = reactor_,
                   .target = target_,
                   .tls = tls,
                   .request_timeout = options.request_timeout,
                   .start = &shared.start,
                   .shortages = &shared.shortages},
      counts_(classes.size()),
      thread_([this] {
        name_thread("load", index_);
        thread_id_ = ::gettid();
        reactor_.run();
      }) {}

LoadThread::~LoadThread() {
  reactor_.stop();
  thread_.join();
  reactor_.cancel(tick_);
  reactor_.cancel(starter_);
  reactor_.cancel(kill_timer_);
  for (auto& user : users_) user->kill();
}

void LoadThread::set_users(std::vector<std::size_t> by_class, nanoseconds stop_timeout) {
  {
    const MutexLock lock(mutex_);
    ++pending_;
  }
  reactor_.post([this, by_class = std::move(by_class), stop_timeout] {
    apply(by_class, stop_timeout);
    const MutexLock lock(mutex_);
    INVARIANT(pending_ > 0, "more changes of the number of users took effect than were asked for");
    --pending_;
  });
}

void LoadThread::apply(const std::vector<std::size_t>& by_class, nanoseconds stop_timeout) {
  INVARIANT(by_class.size() == classes_.size(), "numbers of users for %zu classes of %zu", by_class.size(),
            classes_.size());
  const bool none = std::all_of(by_class.begin(), by_class.end(), [](std::size_t count) { return count == 0; });
  const bool user_free = !free_.empty();
  if (none) free_.clear();  // not one by one: there may be very many
  for (std::size_t index = 0; index < by_class.size(); ++index) {
    // Stop the newest users first.
    for (std::size_t i = users_.size(); users(index) > by_class[index] && i > 0; --i) {
      RunningUser& user = *users_[i - 1];
      if (user.class_index() == index && !user.stopping()) stop_user(user, stop_timeout);
    }
  }
  if (stop_timeout <= nanoseconds{0}) kill_overdue(MonotonicTime::max());
  if (none) end_arrivals(user_free);
  missing_count_ = 0;
  for (std::size_t index = 0; index < by_class.size(); ++index) {
    missing_[index] = by_class[index] - std::min(by_class[index], users(index));
    missing_count_ += missing_[index];
  }
  start_missing_users();
}

void LoadThread::start_missing_users() {
  const std::size_t starting_max = std::max<std::size_t>(1, connecting_max / options_.threads);
  const MonotonicTime until = steady_clock::now() + start_turn;
  std::size_t index = 0;
  bool waits = open_model() && starting_ >= starting_max;
  while (missing_count_ > 0 && !waits) {
    if (missing_[index] == 0) {
      ++index;
      continue;
    }
    --missing_[index];
    --missing_count_;
    ++starting_;
    start_user(index);
    waits = open_model() && starting_ >= starting_max;  // the next user that is ready goes on
    if (!waits && missing_count_ > 0 && steady_clock::now() >= until) {
      reactor_.start(starter_, steady_clock::now());
      break;
    }
  }
  const MutexLock lock(mutex_);
  unready_ = missing_count_ + starting_;
}

void LoadThread::user_is_ready(RunningUser& user, bool connected) {
  INVARIANT(user.ready() && starting_ > 0, "a user is ready that was not starting");
  --starting_;
  {
    const MutexLock lock(mutex_);
    unready_ = missing_count_ + starting_;
    if (!connected) ++schedule_.unconnected;
  }
  // In the next round: a user that became ready within its own start is already in start_missing_users().
  if (missing_count_ > 0 && !starter_.waits()) reactor_.start(starter_, steady_clock::now());
}

void LoadThread::start_user(std::size_t class_index) {
  const std::size_t number = started_++ * options_.threads + index_;
  UserContext context{connections_, recorder_, random_, options_, number};
  users_.push_back(std::make_unique<RunningUser>(*this, *classes_[class_index], class_index, context));
  RunningUser& user = *users_.back();
  user.position = users_.size() - 1;
  counts_[class_index].fetch_add(1, std::memory_order_relaxed);
  {
    const MutexLock lock(mutex_);
    ++user_count_;
  }
  user.start();
}

void LoadThread::stop_user(RunningUser& user, nanoseconds stop_timeout) {
  counts_[user.class_index()].fetch_sub(1, std::memory_order_relaxed);
  std::erase(free_, &user);
  if (stop_timeout <= nanoseconds{0}) {
    cut_off(user);
    user.kill();
    return let_leave(user);
  }
  const MonotonicTime deadline = steady_clock::now() + stop_timeout;
  if (user.stop_after_task(deadline)) return remove(user);
  if (!kill_timer_.waits()) reactor_.start(kill_timer_, deadline);
}

/// The user was killed. It may end within this call, or be about to.
void LoadThread::let_leave(RunningUser& user) {
  const MonotonicTime deadline = steady_clock::now() + User::on_stop_max;
  if (!user.begin_leaving(deadline)) return remove(user);
  if (!kill_timer_.waits()) reactor_.start(kill_timer_, deadline);
}

/// Call it before a user is killed.
void LoadThread::cut_off(const RunningUser& user) {
  if (!user.ready() || !user.in_task()) return;
  shared_.budget.done();
  if (!open_model() || user.due() < count_from_) return;
  const MutexLock lock(mutex_);
  ++schedule_.unfinished;
}

void LoadThread::kill_overdue(MonotonicTime now) {
  MonotonicTime next = MonotonicTime::max();
  for (std::size_t i = users_.size(); i > 0; --i) {
    RunningUser& user = *users_[i - 1];
    if (!user.stopping()) continue;
    // A user that leaves has its time for that even if all others end at once.
    const MonotonicTime reached = user.leaving() ? std::min(now, steady_clock::now()) : now;
    if (user.kill_at() > reached) {
      next = std::min(next, user.kill_at());
      continue;
    }
    cut_off(user);
    user.kill();
    let_leave(user);
  }
  if (next != MonotonicTime::max()) reactor_.start(kill_timer_, next);
}

void LoadThread::ended(RunningUser& user) {
  if (!user.stopping()) counts_[user.class_index()].fetch_sub(1, std::memory_order_relaxed);
  remove(user);
}

void LoadThread::remove(RunningUser& user) {
  const std::size_t position = user.position;
  INVARIANT(position < users_.size() && users_[position].get() == &user,
            "the user at %zu of %zu is not the one that has ended", position, users_.size());
  ended_users_.push_back(std::move(users_[position]));
  if (position + 1 != users_.size()) {
    users_[position] = std::move(users_.back());
    users_[position]->position = position;
  }
  users_.pop_back();
  if (ended_users_.size() == 1) {
    reactor_.post([this] { ended_users_.clear(); });
  }
  if (!user.ready()) --starting_;
  if (missing_count_ > 0 && !starter_.waits()) reactor_.start(starter_, steady_clock::now());
  const MutexLock lock(mutex_);
  unready_ = missing_count_ + starting_;
  INVARIANT(user_count_ > 0, "more users have ended than were started");
  if (--user_count_ == 0) idle_.notify_all();
}

void LoadThread::wait_until_idle() {
  std::promise<void> applied;
  reactor_.post([&applied] { applied.set_value(); });
  applied.get_future().wait();
  MutexLock lock(mutex_);
  while (user_count_ > 0) idle_.wait(lock);
}

bool LoadThread::idle() const {
  const MutexLock lock(mutex_);
  return user_count_ == 0 && pending_ == 0;
}

bool LoadThread::starting() const {
  const MutexLock lock(mutex_);
  return pending_ > 0 || unready_ > 0;
}

void LoadThread::start_schedule(MonotonicTime start) {
  reactor_.post([this, start] { begin_arrivals(start); });
}

void LoadThread::count_from(MonotonicTime from) {
  recorder_.count_from(from);
  reactor_.post([this, from] { count_from_ = from; });
}

void LoadThread::begin_arrivals(MonotonicTime start) {
  INVARIANT(options_.rate, "an open model without a rate");
  arrivals_.emplace(start, *options_.rate, options_.spread, ArrivalShare{.index = index_, .threads = options_.threads});
  out_of_users_ = false;
  wait_for_next_arrival();
}

/// `user_free`: when the users were stopped.
void LoadThread::end_arrivals(bool user_free) {
  if (!arrivals_) return;
  arrivals_->skip_to(count_from_);
  const MutexLock lock(mutex_);
  const auto now = steady_clock::now();
  // With a limited number of tasks, more are on the schedule than will ever be sent.
  const bool limited = shared_.budget.is_limited();
  const auto unsent = [&](MonotonicTime by) {
    return limited ? std::min(arrivals_->waiting(by), shared_.budget.left()) : arrivals_->waiting(by);
  };
  const std::uint64_t waiting = unsent(now);
  // A user may have become free just now, for tasks that had none until then.
  schedule_.add_unsent(waiting, user_free ? unsent(out_of_users_until_) : waiting, unsent(now - late));
  if (waiting > 0) arrivals_->add_ages(now, schedule_.unsent_ages);
  arrivals_.reset();
  reactor_.cancel(tick_);
}

void LoadThread::user_is_idle(RunningUser& user) {
  free_.push_back(&user);
  if (!out_of_users_) return;
  // Overdue tasks begin in the next round, not within the call of the user that has just become idle.
  out_of_users_until_ = steady_clock::now();
  if (!tick_.waits()) reactor_.start(tick_, out_of_users_until_);
}

void LoadThread::begin_due_tasks() {
  INVARIANT(arrivals_, "a task is due after the schedule has ended");
  auto now = steady_clock::now();
  while (arrivals_->next_due() <= now && !free_.empty()) {
    if (!shared_.budget.take()) {  // nothing more is due
      out_of_users_ = false;
      return;
    }
    RunningUser* const user = free_.front();
    free_.pop_front();
    const MonotonicTime due = arrivals_->begin();
    const nanoseconds lateness = now - due;
    if (due >= count_from_) {
      const MutexLock lock(mutex_);
      ++schedule_.arrivals;
      schedule_.lateness.add(lateness);
      if (due <= out_of_users_until_) {
        ++schedule_.waited_for_user;
      } else {
        schedule_.own_lateness.add(lateness);
      }
      if (due > out_of_users_until_ && lateness > late) {
        ++schedule_.behind;
        schedule_.behind_max = std::max(schedule_.behind_max, lateness);
      }
    }
    user->begin_task(due);
    now = steady_clock::now();
  }
  out_of_users_ = arrivals_->next_due() <= now;
  if (out_of_users_) {
    out_of_users_until_ = now;
  } else {
    wait_for_next_arrival();
  }
}

void LoadThread::wait_for_next_arrival() {
  if (arrivals_->next_due() != MonotonicTime::max()) reactor_.start(tick_, arrivals_->next_due());
}

Schedule LoadThread::schedule() const {
  const MutexLock lock(mutex_);
  return schedule_;
}

nanoseconds LoadThread::processor_time() {
  clockid_t clock{};
  timespec used{};
  // The thread runs until the destructor joins it.
  if (::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0) return nanoseconds{0};
  if (::clock_gettime(clock, &used) != 0) return nanoseconds{0};
  return std::chrono::seconds{used.tv_sec} + nanoseconds{used.tv_nsec};
}

nanoseconds LoadThread::processor_wait() const {
  std::ifstream file("/proc/self/task/" + std::to_string(thread_id_.load()) + "/schedstat");
  std::int64_t ran = 0, waited = 0;
  return file >> ran >> waited ? nanoseconds{waited} : nanoseconds{0};
}

}  // namespace triggers::swarm
