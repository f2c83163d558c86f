#pragma once

// The only writer of the embedded engine: it decides each operation, writes one batch, and syncs. The queue before it
// is in commit_queue.h; the two ways to find a duplicate are in content_index.h and replay_index.h.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/uuid7.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/commit/id_time.h"
#include "store/rocks/database/database.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/inbox/inboxes.h"

namespace triggers::store {

/// One group commit, for the metrics.
struct CommitStats {
  std::size_t operations = 0;  ///< Calls of append and acknowledge, and parts of calls.
  std::size_t accepted = 0;
  std::size_t duplicates = 0;
  std::size_t acknowledged = 0;
  std::size_t reads = 0;                   ///< Of the store, to look for duplicates.
  std::size_t compared_bytes = 0;          ///< Of payloads that were compared or hashed to tell duplicates.
  std::size_t hashed_bytes = 0;            ///< Of these, what was hashed. At most DigestBudget::bytes_max.
  std::size_t left_events = 0;             ///< Postponed, for a digest that is computed outside of a commit.
  std::size_t bytes = 0;                   ///< Of the batch.
  std::chrono::nanoseconds log_time{0};    ///< Writing and syncing the write-ahead log.
  std::chrono::nanoseconds total_time{0};  ///< From the first look-up to the last waiter's wake-up.
};

struct CommitterConfig {
  std::chrono::seconds dedup_window{300};  ///< 0: content is not compared.
  std::chrono::seconds idempotency_window{86'400};
  const Clock* clock = &Clock::system();
  IdTime* id_time = nullptr;  ///< Of ids and the windows. Required.
  layout::HashSeed hash_seed;
  std::function<void(const CommitStats&)> observe;  ///< On the committer's thread; may be empty.
};

/// The only writer: takes the waiting operations from the queue, decides which events are duplicates, assigns ids,
/// writes one batch, syncs once, and resumes every waiter. Readers see the results only after the sync.
///
/// An operation that needs an unreadable record is refused as a whole, and the rest of the commit continues. Exceptions
/// end here: operations that were not written are refused, and a write of unknown outcome stops writes as a failed one
/// does.
///
/// Because it is the only writer, ids are in commit order, and of racing equal appends the first in the queue wins.
class Committer {
 public:
  /// Continues after `last_id`. Starts its thread.
  Committer(Database& database, Inboxes& inboxes, CommitQueue& queue, EventId last_id, CommitterConfig config);
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;
  /// Closes the queue, commits what waits, then stops.
  ~Committer();

 private:
  class Batch;
  void run();

  Database& database_;
  Inboxes& inboxes_;
  CommitQueue& queue_;
  const CommitterConfig config_;
  Uuid7Generator ids_;
  std::thread thread_;
};

}  // namespace triggers::store
