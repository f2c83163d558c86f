#pragma once

// The items of jobs: those that run, of all inboxes of the table, and those that have ended, of each inbox. What a job
// does is in job_turns.h; which node does it is in job_worker.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/event.h"
#include "store/dynamo/client/table.h"
#include "store/inbox_jobs.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

using event::EventId;

/// How far a job is: it has looked at the partitions before `part`, and in that one at everything up to `after`.
struct JobPlace {
  unsigned part = 0;
  EventId after{};
  bool operator==(const JobPlace&) const = default;
};

/// A job that runs.
struct RunningJob {
  Tenant tenant{};
  std::uint64_t number = 0;  ///< Of its inbox.
  Job job{};
  EventId before{}, last{};                 ///< It is about the ids after `before`, up to and with `last`.
  std::optional<std::string> event_type{};  ///< Of a replay: only events of this type.
  JobPlace place{};
  std::int64_t version = 0;    ///< Each write increments it.
  std::string worker{};        ///< The node that works on it; empty: none.
  UnixMillis claimed_until{};  ///< Then any node may take it over.
};

/// Jobs that run are in one partition, with the tenant and the inbox as the sort key. So an inbox has at most one, and
/// one query shows a node what it may take over. A job that has ended is in a partition of its inbox, until DynamoDB
/// removes it. Reads and writes through a table. Any thread.
class JobItems {
 public:
  explicit JobItems(Table& table) : table_(table) {}

  /// Of all inboxes: about 300 bytes each.
  Task<Result<std::vector<RunningJob>>> running();
  Task<Result<std::optional<RunningJob>>> running(const Tenant& tenant, std::uint64_t number);
  /// False: one runs in that inbox.
  Task<Result<bool>> start(RunningJob job);
  /// Stores the job, and sets its version to that of the new item. False: another node has changed it meanwhile.
  Task<Result<bool>> save(RunningJob& job);
  /// Ends it, in one transaction. `job.job` says how and when. False: as in save().
  Task<Result<bool>> end(const RunningJob& job);
  /// The inbox was removed.
  Task<Status> drop(const Tenant& tenant, std::uint64_t number);

  /// The newest jobs that have ended, newest first; at most `limit`.
  Task<Result<std::vector<Job>>> ended(const Tenant& tenant, std::uint64_t number, std::size_t limit);
  [[nodiscard]] static std::string ended_partition(const Tenant& tenant, std::uint64_t number);

 private:
  Table& table_;
};

}  // namespace triggers::store::dynamo
