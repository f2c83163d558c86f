#pragma once

// Does the work of jobs on a node: which job has its turn, and how nodes take over from each other. What a turn does is
// in purge_turn.h and replay_turn.h.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/dynamo/inbox/inbox_node.h"
#include "store/dynamo/jobs/job_items.h"
#include "store/dynamo/jobs/job_turns.h"
#include "store/dynamo/settings/settings_directory.h"

namespace triggers::store::dynamo {

struct JobConfig {
  /// A node that works on a job claims it for so long, again with each turn. Then any node takes it over.
  std::chrono::milliseconds claimed_for{30'000};
  std::chrono::milliseconds look_every{5'000};  ///< For jobs of nodes that have died, and new ones of other nodes.
  std::chrono::milliseconds turn_time_max{10'000};
};

struct JobCounts {
  std::size_t running = 0;             ///< In the fleet, at the last look.
  std::uint64_t done = 0, failed = 0;  ///< Ended by this node.
};

/// Works in turns: tenants take turns, and the inboxes of a tenant theirs. A job that another node has claimed is left
/// to it. If the claims of two nodes overlap, because one of them was slow, both may work: every change is conditional,
/// and what one of them has done is counted once. For one coroutine at a time; wake() from any thread.
class JobWorker {
 public:
  /// All outlive it. `table`: without a deadline.
  JobWorker(Table& table, InboxNode& inboxes, SettingsDirectory& settings, const Clock& clock, JobConfig config);

  /// A job was started here: the next call looks at once.
  void wake();
  /// Takes turns until `until`, or until there is nothing to do for this node. An Error is that of the latest turn that
  /// failed; the others have had theirs. True: there is more to do.
  Task<Result<bool>> work_some(std::chrono::steady_clock::time_point until);

  /// Any thread.
  [[nodiscard]] JobCounts counts() const noexcept { return {running_, done_, failed_}; }

 private:
  using Key = std::pair<std::string, std::uint64_t>;  ///< Tenant and inbox.
  enum class Turn : std::uint8_t { goes_on, rests, over };

  Task<Status> look();
  [[nodiscard]] bool looks_now();
  /// The job of each tenant that has waited longest.
  [[nodiscard]] std::vector<Key> next_round() const;
  Task<Result<Turn>> take_turn(Key key);
  Task<Result<Turn>> work_on(Table& table, RunningJob job);
  Task<Result<JobStep>> step(Table& table, const RunningJob& job, const TenantInboxes& inboxes,
                             const InboxRecord& record);

  Table& table_;
  InboxNode& inboxes_;
  SettingsDirectory& settings_;
  const Clock& clock_;
  const JobConfig config_;
  const std::string self_;               ///< Names this node in claims.
  std::map<Key, std::uint64_t> served_;  ///< Jobs to work on, and when each had its turn.
  std::uint64_t turns_ = 0;
  std::atomic<std::size_t> running_{0};
  std::atomic<std::uint64_t> done_{0}, failed_{0};
  Mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> looked_at_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store::dynamo
