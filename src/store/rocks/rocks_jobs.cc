#include "store/rocks/rocks_jobs.h"

#include <algorithm>
#include <utility>

#include "store/inbox_changes.h"

namespace triggers::store {
namespace {

/// Greater than every id of an event.
EventId last_bound() {
  EventId id;
  id.bytes.fill(0xff);
  return id;
}

/// No event that was accepted at `time` or later has a smaller id, and none that was accepted before has a greater one.
EventId first_id_at(UnixMillis time) {
  constexpr std::int64_t time_max = (std::int64_t{1} << 48) - 1;
  const auto ms = std::clamp<std::int64_t>(time.time_since_epoch().count(), 0, time_max);
  EventId id;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<unsigned char>(ms >> (40 - 8 * i));
  return id;
}

}  // namespace

Task<Result<Job>> RocksJobs::start(const Tenant& tenant, InboxName inbox, JobRecord record) {
  JobOperation job;
  job.kind = JobOperation::Kind::start;
  job.inbox = std::move(inbox);
  job.record = std::move(record);
  Operation operation;
  operation.kind = Operation::Kind::job;
  operation.tenant = &tenant;
  operation.job = &job;
  operation.bytes = event_overhead_bytes;
  co_await queue_.submit(operation);
  if (operation.error) co_return std::move(*operation.error);
  runner_.wake();
  co_return std::move(job.record.job);
}

Task<Result<Job>> RocksJobs::purge(const Tenant& tenant, InboxName inbox) {
  JobRecord record;
  record.job.kind = Job::Kind::purge;
  record.end = last_bound();
  co_return co_await start(tenant, std::move(inbox), std::move(record));
}

Task<Result<Job>> RocksJobs::replay(const Tenant& tenant, InboxName inbox, ReplayRange range) {
  JobRecord record;
  record.job.kind = Job::Kind::replay;
  record.next = first_id_at(range.since);
  record.end = range.until ? first_id_at(*range.until) : last_bound();
  record.event_type = std::move(range.event_type);
  co_return co_await start(tenant, std::move(inbox), std::move(record));
}

Task<Result<std::optional<Job>>> RocksJobs::job(const Tenant& tenant, InboxName inbox, Uuid7 id) {
  const auto state = tenants_.get(tenant.id).find(inbox);
  if (!state) co_return no_such_inbox(inbox);
  const auto record = board_.find(*state, id);
  if (!record) co_return std::optional<Job>{};
  const auto& ended_at = record->job.ended_at;
  if (ended_at && clock_.now() - *ended_at >= job_shown_for) co_return std::optional<Job>{};
  co_return std::optional{record->job};
}

}  // namespace triggers::store
