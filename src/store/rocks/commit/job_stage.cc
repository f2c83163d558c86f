#include "store/rocks/commit/job_stage.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "base/invariant.h"
#include "store/inbox_changes.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/inbox/pending_scan.h"

namespace triggers::store {

using Kind = JobOperation::Kind;

void JobStage::begin() noexcept {
  changes_.clear();
  kept_ = 0;
}

Status JobStage::stage(Operation& operation, TenantState& tenant) {
  switch (operation.job->kind) {
    case Kind::start: return start(*operation.job, tenant);
    case Kind::purge:
    case Kind::replay: work(operation, tenant); break;
    case Kind::remove: remove(*operation.job); break;
  }
  return Done{};
}

std::size_t JobStage::started() const noexcept {
  return static_cast<std::size_t>(std::ranges::count(changes_, true, &Change::started));
}

Status JobStage::may_start(const InboxState& inbox, const TenantState& tenant) const {
  const auto runs = [this](const InboxState& state) {
    const auto starts = [&](const Change& change) { return change.started && change.inbox.get() == &state; };
    return board_.runs(state) || std::ranges::any_of(changes_, starts);
  };
  if (runs(inbox)) return Error{ErrorCode::conflict, "a job of this inbox is running: wait until it has ended"};
  if (board_.running_count() + started() >= running_jobs_max) {
    return Error{ErrorCode::overloaded, "too many jobs of inboxes are running"};
  }
  const auto& roster = tenant.staged_roster();
  if (!roster) return Done{};
  const auto count = std::ranges::count_if(roster->entries(), [&](const auto& entry) { return runs(*entry.state); });
  if (static_cast<std::size_t>(count) < running_jobs_of_tenant_max) return Done{};
  return Error{ErrorCode::share_used,
               "Jobs are running in " + std::to_string(running_jobs_of_tenant_max) + " inboxes of this tenant."};
}

Status JobStage::start(JobOperation& job, const TenantState& tenant) {
  const auto inbox = staged_inbox(tenant, job.inbox);
  if (!inbox) return no_such_inbox(job.inbox);
  if (auto may = may_start(*inbox, tenant); !may) return may;
  // All of them have ended.
  const auto before = board_.jobs(*inbox);
  for (std::size_t i = 0; i + jobs_per_inbox_max <= before.size(); ++i) put_removal(inbox, before[i].job.id);
  JobRecord& record = job.record;
  record.job.id = ids_.next(staging_.id_now);
  record.job.started_at = staging_.now;
  // What is accepted later is not its business.
  record.end = std::min(record.end, successor(appends_.last_id()));
  put(inbox, job.inbox, record, true);
  return Done{};
}

void JobStage::work(Operation& operation, TenantState& tenant) {
  JobOperation& job = *operation.job;
  const auto target = find_target(tenant, job.inbox);
  auto record = find(*job.state, job.record.job.id);
  const bool runs = record && record->job.state == Job::State::running;
  if (!target || &target->state != job.state.get() || !runs) {
    job.gone = true;
    operation.part_end = operation.part_begin;
    return;
  }
  std::size_t end = std::min(operation.part_end, job.ids.size());
  for (std::size_t i = operation.part_begin; i < end; ++i) {
    if (work_on(job, i, tenant, *target, record->job)) continue;
    job.held_up = true;
    operation.part_end = end = i;
  }
  if (job.held_up && end == operation.part_begin) return;
  const bool all = end == job.ids.size();
  record->next = all ? job.next : successor(job.ids[end - 1]);
  if (all && job.end) {
    record->job.state = *job.end;
    record->job.ended_at = staging_.now;
  }
  put(job.state, job.inbox, *std::move(record), false);
}

bool JobStage::work_on(JobOperation& job, std::size_t index, TenantState& tenant, const TargetInbox& target,
                       Job& progress) {
  const EventId& id = job.ids[index];
  // An entry whose records cannot be read, which is noted as damage, stays as it is. The job goes on.
  if (job.kind == Kind::purge) {
    const auto left = entries_.purge(target, id);
    if (!left || !*left) return true;
  } else {
    const auto entered = entries_.put_again(tenant, target, id, job.pending_values[index]);
    if (entered && *entered == EntryStage::PutAgain::too_old) ++progress.skipped_too_old;
    if (entered && *entered == EntryStage::PutAgain::no_room) return false;
    if (!entered || *entered != EntryStage::PutAgain::done) return true;
  }
  ++progress.done;
  ++job.changed;
  return true;
}

void JobStage::remove(const JobOperation& job) {
  for (const Uuid7& id : job.old) {
    const auto record = find(*job.state, id);
    if (record && record->job.state != Job::State::running) put_removal(job.state, id);
  }
}

void JobStage::put(const std::shared_ptr<InboxState>& inbox, const InboxName& name, JobRecord record, bool started) {
  board_.reserve(inbox, name, changes_.size() + 1);  // publish() must not fail.
  staging_.batch.Put(staging_.database.family(Family::meta),
                     layout::job_key(inbox->tenant(), inbox->name(), record.job.id), encode_job(record));
  changes_.push_back({.inbox = inbox, .record = std::move(record), .removed = false, .started = started});
}

void JobStage::put_removal(const std::shared_ptr<InboxState>& inbox, const Uuid7& id) {
  staging_.batch.Delete(staging_.database.family(Family::meta), layout::job_key(inbox->tenant(), inbox->name(), id));
  Change change{.inbox = inbox, .record = {}, .removed = true, .started = false};
  change.record.job.id = id;
  changes_.push_back(std::move(change));
}

std::optional<JobRecord> JobStage::find(const InboxState& inbox, const Uuid7& id) const {
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->inbox.get() != &inbox || change->record.job.id != id) continue;
    return change->removed ? std::nullopt : std::optional(change->record);
  }
  return board_.find(inbox, id);
}

void JobStage::forget(const InboxState& inbox) {
  for (const JobRecord& record : board_.jobs(inbox)) {
    staging_.batch.Delete(staging_.database.family(Family::meta),
                          layout::job_key(inbox.tenant(), inbox.name(), record.job.id));
  }
}

void JobStage::publish() noexcept {
  for (Change& change : changes_) {
    if (change.removed) {
      board_.remove(*change.inbox, change.record.job.id);
    } else {
      board_.put(*change.inbox, std::move(change.record));
    }
  }
}

}  // namespace triggers::store
