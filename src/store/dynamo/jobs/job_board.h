#pragma once

// The calls of InboxJobs (store/inbox_store.h) on one inbox. The work of a job is done by job_worker.h.

#include <cstddef>

#include "base/clock.h"
#include "store/dynamo/jobs/job_items.h"
#include "store/inbox_record.h"

namespace triggers::store::dynamo {

/// Jobs that may run at once, in all inboxes of the tables and in those of one tenant. Starts that race may pass it by
/// as many as they are.
inline constexpr std::size_t running_jobs_max = 1'000, running_jobs_of_tenant_max = 10;

/// Starts and shows jobs, for one request. The tenant is managed. Any thread.
class JobBoard {
 public:
  /// `table`: with the deadline and the turns of the request.
  JobBoard(Table& table, const Clock& clock) : items_(table), clock_(clock) {}

  Task<Result<Job>> purge(const Tenant& tenant, const InboxRecord& inbox);
  Task<Result<Job>> replay(const Tenant& tenant, const InboxRecord& inbox, ReplayRange range);
  Task<Result<std::optional<Job>>> job(const Tenant& tenant, const InboxRecord& inbox, Uuid7 id);

 private:
  Task<Result<Job>> start(RunningJob job);

  JobItems items_;
  const Clock& clock_;
};

}  // namespace triggers::store::dynamo
