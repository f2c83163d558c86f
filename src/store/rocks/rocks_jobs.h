#pragma once

// The calls of InboxJobs on the embedded engine. The work of a job is done by upkeep/job_runner.h, and committed by
// commit/job_stage.h.

#include <optional>

#include "base/clock.h"
#include "base/task.h"
#include "store/inbox_store.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/inbox/job_board.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/upkeep/job_runner.h"

namespace triggers::store {

/// Starts and shows jobs. Any thread with an Executor.
class RocksJobs final : public InboxJobs {
 public:
  /// All outlive this. `clock`: by which a job is shown for a day.
  RocksJobs(Tenants& tenants, CommitQueue& queue, const JobBoard& board, JobRunner& runner, const Clock& clock)
      : tenants_(tenants), queue_(queue), board_(board), runner_(runner), clock_(clock) {}

  Task<Result<Job>> purge(const Tenant& tenant, InboxName inbox) override;
  Task<Result<Job>> replay(const Tenant& tenant, InboxName inbox, ReplayRange range) override;
  Task<Result<std::optional<Job>>> job(const Tenant& tenant, InboxName inbox, Uuid7 id) override;

 private:
  Task<Result<Job>> start(const Tenant& tenant, InboxName inbox, JobRecord record);

  Tenants& tenants_;
  CommitQueue& queue_;
  const JobBoard& board_;
  JobRunner& runner_;
  const Clock& clock_;
};

}  // namespace triggers::store
