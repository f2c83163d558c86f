#include "store/dynamo/jobs/job_worker.h"

#include <algorithm>

#include "base/encoding.h"
#include "log/log.h"
#include "store/dynamo/jobs/purge_turn.h"
#include "store/dynamo/jobs/replay_turn.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t name_bytes = 16;

const InboxRecord* find(const TenantInboxes& inboxes, std::uint64_t number) {
  const auto found =
      std::ranges::find_if(inboxes.records, [&](const auto& named) { return named.second.number == number; });
  return found == inboxes.records.end() ? nullptr : &found->second;
}

void tell_readers(const EntryWork& work) {
  const auto waiters = work.state->waiters();
  const std::size_t gained = work.became_available();
  if (waiters && gained > 0) waiters->became_available(std::max(work.counts.known_available(work.place), gained));
}

}  // namespace

JobWorker::JobWorker(Table& table, InboxNode& inboxes, SettingsDirectory& settings, const Clock& clock,
                     JobConfig config)
    : table_(table),
      inboxes_(inboxes),
      settings_(settings),
      clock_(clock),
      config_(config),
      self_(from_hex(request_token()).value_or("").substr(0, name_bytes)) {}

void JobWorker::wake() {
  const MutexLock lock(mutex_);
  looked_at_.reset();
}

bool JobWorker::looks_now() {
  const auto now = std::chrono::steady_clock::now();
  const MutexLock lock(mutex_);
  if (looked_at_ && now - *looked_at_ < config_.look_every) return false;
  looked_at_ = now;
  return true;
}

Task<Status> JobWorker::look() {
  JobItems items(table_);
  auto running = co_await items.running();
  if (!running) {
    wake();
    co_return std::move(running).error();
  }
  running_ = running->size();
  std::map<Key, std::uint64_t> served;
  for (const RunningJob& job : *running) {
    const bool free = job.worker == self_ || job.claimed_until <= clock_.now();
    if (!free) continue;
    Key key{job.tenant.id, job.number};
    const auto before = served_.find(key);
    const std::uint64_t turn = before == served_.end() ? 0 : before->second;
    served.emplace(std::move(key), turn);
  }
  served_ = std::move(served);
  co_return Done{};
}

std::vector<JobWorker::Key> JobWorker::next_round() const {
  std::map<std::string, std::pair<std::uint64_t, Key>> by_tenant;
  for (const auto& [key, turn] : served_) {
    const auto [chosen, is_first] = by_tenant.try_emplace(key.first, turn, key);
    if (!is_first && turn < chosen->second.first) chosen->second = {turn, key};
  }
  std::vector<std::pair<std::uint64_t, Key>> order;
  order.reserve(by_tenant.size());
  for (auto& [tenant, chosen] : by_tenant) order.push_back(std::move(chosen));
  std::ranges::sort(order);
  std::vector<Key> keys;
  keys.reserve(order.size());
  for (auto& [turn, key] : order) keys.push_back(std::move(key));
  return keys;
}

Task<Result<bool>> JobWorker::work_some(std::chrono::steady_clock::time_point until) {
  if (looks_now()) {
    auto looked = co_await look();
    if (!looked) co_return std::move(looked).error();
  }
  Status worked = Done{};
  std::vector<Key> resting;
  bool late = false;
  while (!served_.empty() && !late) {
    const std::vector<Key> round = next_round();
    for (const Key& key : round) {
      late = std::chrono::steady_clock::now() >= until;
      if (late) break;
      served_[key] = ++turns_;
      const auto turn = co_await take_turn(key);
      if (!turn) worked = turn.error();
      if (turn && *turn == Turn::goes_on) continue;
      if (!turn || *turn == Turn::rests) resting.push_back(key);
      served_.erase(key);
    }
  }
  const bool more = !served_.empty() || !resting.empty();
  // They go on with the next call.
  for (Key& key : resting) served_[std::move(key)] = ++turns_;
  if (!worked) co_return std::move(worked).error();
  co_return more;
}

Task<Result<JobWorker::Turn>> JobWorker::take_turn(Key key) {
  Table table = table_.until(std::chrono::steady_clock::now() + config_.turn_time_max);
  JobItems items(table);
  const Tenant tenant{key.first};
  auto job = co_await items.running(tenant, key.second);
  if (!job) co_return std::move(job).error();
  const UnixMillis now = clock_.now();
  const bool mine = *job && ((*job)->worker == self_ || (*job)->claimed_until <= now);
  if (!mine) co_return Turn::over;
  co_return co_await work_on(table, **std::move(job));
}

Task<Result<JobWorker::Turn>> JobWorker::work_on(Table& table, RunningJob job) {
  JobItems items(table);
  const auto known = co_await settings_.of(job.tenant);
  if (!known) co_return known.error();
  const InboxRecord* const record = find(**known, job.number);
  if (record == nullptr) {
    const auto dropped = co_await items.drop(job.tenant, job.number);
    if (!dropped) co_return dropped.error();
    co_return Turn::over;
  }
  if (job.worker != self_ || job.claimed_until < clock_.now() + config_.turn_time_max) {
    job.worker = self_;
    job.claimed_until = clock_.now() + config_.claimed_for;
    const auto claimed = co_await items.save(job);
    if (!claimed) co_return claimed.error();
    if (!*claimed) co_return Turn::over;
  }
  auto step = co_await this->step(table, job, **known, *record);
  // What cannot be read will not be read the next time either.
  const bool failed = !step && step.error().code == ErrorCode::internal;
  if (!step && !failed) co_return std::move(step).error();
  job.claimed_until = clock_.now() + config_.claimed_for;
  if (failed) {
    log::error("inbox_job_failed", {{"tenant", job.tenant.id}, {"cause", step.error().message}});
  } else {
    job.place = step->next;
    job.job.done += step->done;
    job.job.skipped_too_old += step->skipped_too_old;
  }
  if (!failed && !step->at_end) {
    const auto saved = co_await items.save(job);
    if (!saved) co_return saved.error();
    if (!*saved) co_return Turn::over;
    co_return step->held_up ? Turn::rests : Turn::goes_on;
  }
  job.job.state = failed ? Job::State::failed : Job::State::done;
  job.job.ended_at = clock_.now();
  const auto ended = co_await items.end(job);
  if (!ended) co_return ended.error();
  if (*ended) ++(failed ? failed_ : done_);
  co_return Turn::over;
}

Task<Result<JobStep>> JobWorker::step(Table& table, const RunningJob& job, const TenantInboxes& inboxes,
                                      const InboxRecord& record) {
  const InboxPlace place{.tenant = job.tenant, .inbox = record};
  EntryWork work = inboxes_.work(table, place);
  Result<JobStep> step = JobStep{};
  if (job.job.kind == Job::Kind::purge) {
    PurgeTurn turn(work, job);
    step = co_await turn.take();
  } else {
    ReplayTurn turn(work, inboxes, job);
    step = co_await turn.take();
  }
  tell_readers(work);
  co_return step;
}

}  // namespace triggers::store::dynamo
