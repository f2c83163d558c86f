#pragma once

// The thread of the only writer of the embedded engine. The queue before it is in commit_queue.h; how a commit is built
// and written is in group_commit.h.

#include <chrono>
#include <thread>

#include "base/uuid7.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/commit/committer_config.h"
#include "store/rocks/commit/due_ends.h"
#include "store/rocks/commit/group_commit.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/job_board.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// The only writer: takes the waiting operations from the queue, decides which events are duplicates, assigns ids,
/// writes one batch, syncs once, and resumes every waiter. Readers see the results only after the sync.
///
/// An operation that needs an unreadable record is refused as a whole, and the rest of the commit continues. Exceptions
/// end here: operations that were not written are refused, and a write of unknown outcome stops writes as a failed one
/// does.
///
/// It is also the timer by which leases and delays end in inboxes that readers wait for: due_ends.h.
///
/// Because it is the only writer, ids are in commit order, and of racing equal appends the first in the queue wins.
class Committer {
 public:
  /// Continues after `last_id`. Starts its thread.
  Committer(Database& database, Tenants& tenants, JobBoard& jobs, CommitQueue& queue, const EventId& last_id,
            CommitterConfig config);
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;
  /// Closes the queue, commits what waits, then stops.
  ~Committer();

  /// Of the events of all tenants; 0 if they are not counted. Any thread.
  [[nodiscard]] std::uint64_t stored_bytes() const noexcept { return commit_.stored_bytes(); }

 private:
  void run();
  void observe(std::chrono::nanoseconds total_time) noexcept;

  CommitQueue& queue_;
  const CommitterConfig config_;
  GroupCommit commit_;
  DueEnds ends_;
  std::thread thread_;
};

}  // namespace triggers::store
