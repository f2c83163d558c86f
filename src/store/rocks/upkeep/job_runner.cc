#include "store/rocks/upkeep/job_runner.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/invariant.h"
#include "base/process_start.h"
#include "base/thread_name.h"
#include "base/thread_priority.h"
#include "log/log.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;

/// After a turn that did not succeed. Writes may have stopped, or the tenant's share of the queue is used.
constexpr auto retry_after = 1s;
constexpr auto rest_max = 100ms;
/// While no job runs. Old ones are removed then.
constexpr auto idle_max = 60s;

}  // namespace

JobRunner::~JobRunner() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void JobRunner::start() {
  INVARIANT(!thread_.joinable(), "the runner of jobs was started twice");
  thread_ = std::thread([this] { run(); });
}

void JobRunner::wake() {
  {
    const MutexLock lock(mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

std::vector<JobBoard::Running> JobRunner::choose() {
  std::map<std::string, JobBoard::Running> by_tenant;
  std::set<Uuid7> running;
  const auto now = std::chrono::steady_clock::now();
  for (auto& job : board_.running()) {
    const Uuid7 id = job.record.job.id;
    running.insert(id);
    if (job.record.job.kind == Job::Kind::replay && !database_.has_room()) continue;
    if (walks_[id].rests_until > now) continue;
    const auto [chosen, is_first] = by_tenant.try_emplace(job.inbox->tenant(), job);
    if (is_first) continue;
    const auto waits_longer = walks_[id].served_at < walks_[chosen->second.record.job.id].served_at;
    if (waits_longer) chosen->second = std::move(job);
  }
  std::erase_if(walks_, [&](const auto& walk) { return !running.contains(walk.first); });
  std::vector<JobBoard::Running> jobs;
  jobs.reserve(by_tenant.size());
  for (auto& [tenant, job] : by_tenant) jobs.push_back(std::move(job));
  return jobs;
}

Status JobRunner::take_turn(const JobBoard::Running& running) {
  JobWalk& walk = walks_[running.record.job.id];
  walk.served_at = ++served_;
  const auto outcome = turns_.take(running, walk);
  if (!outcome) return outcome.error();
  if (*outcome == JobTurns::Outcome::held_up) walk.rests_until = std::chrono::steady_clock::now() + retry_after;
  if (*outcome == JobTurns::Outcome::done) done_.fetch_add(1, std::memory_order_relaxed);
  if (*outcome == JobTurns::Outcome::failed) failed_.fetch_add(1, std::memory_order_relaxed);
  return Done{};
}

Status JobRunner::round() {
  Status worked = Done{};
  const auto jobs = choose();
  if (jobs.empty() && board_.running_count() > 0) {
    return Error{ErrorCode::unavailable,
                 "no job can go on: the disk, or their tenants, have no room for what replays put into inboxes"};
  }
  for (const auto& job : jobs) {
    // Another tenant's job may succeed.
    if (auto taken = take_turn(job); !taken) worked = std::move(taken);
  }
  return worked;
}

Status JobRunner::remove_old() {
  for (const auto& ended : board_.ended_by(clock_.now() - job_shown_for)) {
    if (auto removed = turns_.remove(ended); !removed) return removed;
  }
  return Done{};
}

Status JobRunner::settle() {
  while (board_.running_count() > 0) {
    if (auto worked = round(); !worked) return worked;
  }
  return remove_old();
}

std::chrono::nanoseconds JobRunner::rest(const Status& worked, std::chrono::nanoseconds took) const {
  if (board_.running_count() == 0) return idle_max;
  if (!worked) return retry_after;
  if (queue_.depth() == 0) return 0ns;
  return std::min<std::chrono::nanoseconds>(took, rest_max);
}

void JobRunner::run() {
  name_thread("jobs");
  lower_thread_priority();
  MutexLock lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    const auto began = std::chrono::steady_clock::now();
    Status worked = Done{};
    try {
      worked = board_.running_count() > 0 ? round() : remove_old();
    } catch (...) {
      // Most likely memory has run out. A later turn does the same again.
      log::error("inbox_job_interrupted", {{"cause", cause_of(std::current_exception())}});
      worked = Error{ErrorCode::overloaded, {}};
    }
    const auto now = std::chrono::steady_clock::now();
    const auto until = now + rest(worked, now - began);
    lock.lock();
    // A new job need not wait for the end of a rest, unless the last turn did not succeed.
    while (!stopping_ && !(woken_ && worked) && wake_.wait_until(lock, until) == std::cv_status::no_timeout) {
    }
  }
}

}  // namespace triggers::store
