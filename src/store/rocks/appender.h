#pragma once

// Appends events: what a caller does before the commit and, if the committer leaves events, between two commits. The
// commit itself is in commit/append_stage.h; which inboxes take an event is decided in event_router.h.

#include <optional>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "store/event_log.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/database/database.h"
#include "store/rocks/event_router.h"
#include "store/rocks/read/reader_pool.h"

namespace triggers::store {

/// Any thread with an Executor.
class Appender {
 public:
  /// `searches`: threads of low priority. The others outlive this.
  Appender(Database& database, CommitQueue& queue, EventRouter& router, ReaderPool& searches)
      : database_(database), queue_(queue), router_(router), searches_(searches) {}

  Task<Result<Appended>> append(const Tenant& tenant, IncomingEvent event);
  Task<std::vector<Result<Appended>>> append_batch(const Tenant& tenant, std::vector<IncomingEvent> events);

 private:
  /// Submits the operation, or sets its `error` if its events cannot be routed.
  Task<void> route_and_submit(Operation& operation);
  /// Does what the committer needs for this operation, where it delays no commit, and submits the operation again.
  Task<void> submit_again(Operation& operation);
  /// Nothing if the event is gone or cannot be read: the committer then finds that out itself.
  std::optional<MadeDigests::Stored> digest_of_stored(const Tenant& tenant, const EventId& id);

  Database& database_;
  CommitQueue& queue_;
  EventRouter& router_;
  ReaderPool& searches_;
};

}  // namespace triggers::store
