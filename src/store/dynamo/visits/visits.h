#pragma once

// The regular work of a node for the whole fleet: it visits managed tenants whose time has come, and works on jobs.
// The steps of a visit are in tenant_visit.h, who visits whom in roster.h, jobs in jobs/job_worker.h.

#include <chrono>
#include <string>

#include "base/clock.h"
#include "store/dynamo/jobs/job_worker.h"
#include "store/dynamo/visits/roster.h"
#include "store/dynamo/visits/tenant_visit.h"
#include "store/dynamo/visits/visited_inboxes.h"

namespace triggers::store::dynamo {

struct VisitConfig {
  /// Between two visits of a tenant. What readers wait for does not depend on it.
  std::chrono::milliseconds every{300'000};
  std::chrono::milliseconds claimed_for{60'000};  ///< Then another node visits a tenant whose visitor has died.
  std::chrono::milliseconds visit_time_max{2'000};
  std::chrono::milliseconds call_time_max{2'000};  ///< visit_some() begins nothing more then.
  /// Between two looks at a part of the list of tenants, while no visit is due.
  std::chrono::milliseconds look_every{5'000};
  JobConfig jobs{};
};

/// One for a node. One of visit_some() and settle() at a time; soon() and wake() from any thread.
class Visits {
 public:
  /// All outlive it. `table`: without a deadline.
  Visits(Table& table, Shards& shards, InboxNode& inboxes, SettingsDirectory& settings, const Clock& clock,
         Retention retention, VisitConfig config);

  /// Half of the time for jobs, half for visits, at most call_time_max and one visit's time. Call it every second. An
  /// Error is the latest one of several tenants; the others have had their turn.
  Task<Status> visit_some();
  /// For tests: visits every managed tenant until nothing is due, and finishes all jobs.
  Task<Status> settle();

  /// A tenant has something to be done soon: an inbox was removed. One write.
  Task<Status> soon(Tenant tenant);
  [[nodiscard]] JobWorker& jobs() noexcept { return jobs_; }
  [[nodiscard]] const VisitedInboxes& visited() const noexcept { return visited_; }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Visits what is due in the next part of the list.
  Task<Status> visit_part(TimePoint until);
  Task<Result<bool>> visit(const VisitItem& seen);
  Task<Result<bool>> settle_tenants();

  Table& table_;
  const Clock& clock_;
  const VisitConfig config_;
  TenantVisit tenants_;
  JobWorker jobs_;
  VisitedInboxes visited_{};
  unsigned partition_;  ///< Where the next look begins.
  std::string after_{};
  std::optional<TimePoint> looked_at_{};
};

}  // namespace triggers::store::dynamo
