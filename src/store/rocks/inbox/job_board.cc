#include "store/rocks/inbox/job_board.h"

#include <algorithm>
#include <utility>

#include "base/invariant.h"

namespace triggers::store {

const JobRecord* JobBoard::running_of(const Jobs& jobs) noexcept {
  if (jobs.stopped) return nullptr;
  const auto state = [](const JobRecord& record) { return record.job.state; };
  const auto found = std::ranges::find(jobs.records, Job::State::running, state);
  return found != jobs.records.end() ? &*found : nullptr;
}

Uuid7 JobBoard::newest() const {
  Uuid7 newest;
  const ReaderLock lock(mutex_);
  for (const auto& [inbox, jobs] : by_inbox_) {
    if (!jobs.records.empty()) newest = std::max(newest, jobs.records.back().job.id);
  }
  return newest;
}

std::optional<JobRecord> JobBoard::find(const InboxState& inbox, const Uuid7& job) const {
  const ReaderLock lock(mutex_);
  const auto jobs = by_inbox_.find(&inbox);
  if (jobs == by_inbox_.end()) return std::nullopt;
  for (const JobRecord& record : jobs->second.records) {
    if (record.job.id == job) return record;
  }
  return std::nullopt;
}

std::vector<JobRecord> JobBoard::jobs(const InboxState& inbox) const {
  const ReaderLock lock(mutex_);
  const auto jobs = by_inbox_.find(&inbox);
  return jobs == by_inbox_.end() ? std::vector<JobRecord>() : jobs->second.records;
}

bool JobBoard::runs(const InboxState& inbox) const {
  const ReaderLock lock(mutex_);
  return std::ranges::find(running_, &inbox) != running_.end();
}

std::vector<JobBoard::Running> JobBoard::running() const {
  std::vector<Running> running;
  if (running_count() == 0) return running;
  const ReaderLock lock(mutex_);
  running.reserve(running_.size());
  for (const InboxState* inbox : running_) {
    const Jobs& jobs = by_inbox_.at(inbox);
    running.push_back({jobs.inbox, jobs.name, *running_of(jobs)});
  }
  return running;
}

std::vector<JobBoard::Ended> JobBoard::ended_by(UnixMillis time) const {
  std::vector<Ended> all;
  const ReaderLock lock(mutex_);
  for (const auto& [state, jobs] : by_inbox_) {
    if (jobs.stopped) continue;  // They go with the inbox.
    Ended ended{.inbox = jobs.inbox, .name = jobs.name, .jobs = {}};
    for (const JobRecord& record : jobs.records) {
      if (record.job.ended_at && *record.job.ended_at <= time) ended.jobs.push_back(record.job.id);
    }
    if (!ended.jobs.empty()) all.push_back(std::move(ended));
  }
  return all;
}

void JobBoard::reserve(const std::shared_ptr<InboxState>& inbox, const InboxName& name, std::size_t count) {
  const WriterLock lock(mutex_);
  Jobs& jobs = by_inbox_.try_emplace(inbox.get(), Jobs{.inbox = inbox, .name = name, .records = {}}).first->second;
  jobs.records.reserve(jobs.records.size() + count);
  running_.reserve(running_.size() + count);
}

void JobBoard::put(const InboxState& inbox, JobRecord record) noexcept {
  const WriterLock lock(mutex_);
  const auto found = by_inbox_.find(&inbox);
  INVARIANT(found != by_inbox_.end(), "a job of an inbox for which no room was made");
  auto& records = found->second.records;
  const auto same = std::ranges::find(records, record.job.id, [](const JobRecord& other) { return other.job.id; });
  if (same != records.end()) {
    *same = std::move(record);
  } else {
    const auto before = [](const JobRecord& one, const JobRecord& other) { return one.job.id < other.job.id; };
    records.insert(std::ranges::upper_bound(records, record, before), std::move(record));
  }
  std::erase(running_, &inbox);
  if (running_of(found->second) != nullptr) running_.push_back(&inbox);
  count_running();
}

void JobBoard::remove(const InboxState& inbox, const Uuid7& job) noexcept {
  const WriterLock lock(mutex_);
  const auto found = by_inbox_.find(&inbox);
  if (found == by_inbox_.end()) return;
  std::erase_if(found->second.records, [&](const JobRecord& record) { return record.job.id == job; });
  if (found->second.records.empty() && !found->second.stopped) by_inbox_.erase(found);
}

void JobBoard::stop(const InboxState& inbox) noexcept {
  const WriterLock lock(mutex_);
  const auto found = by_inbox_.find(&inbox);
  if (found == by_inbox_.end()) return;
  found->second.stopped = true;
  std::erase(running_, &inbox);
  count_running();
}

void JobBoard::forget(const InboxState& inbox) noexcept {
  const WriterLock lock(mutex_);
  by_inbox_.erase(&inbox);
  std::erase(running_, &inbox);
  count_running();
}

void JobBoard::count_running() noexcept { running_count_.store(running_.size(), std::memory_order_relaxed); }

}  // namespace triggers::store
