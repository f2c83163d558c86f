#pragma once

// One turn of a replay.

#include <vector>

#include "store/dynamo/events/log_items.h"
#include "store/dynamo/jobs/event_holders.h"
#include "store/dynamo/jobs/job_turns.h"

namespace triggers::store::dynamo {

/// Walks what the log has of the tenant: first the entries of `default` from when the tenant was plain, which are not
/// in the log's partitions yet, then those 256 partitions. For each event, three writes decide in this order: the item
/// of the log says that the inbox has the event; a reminder says who must be looked at if this node dies; the record
/// puts the event into the inbox. For one coroutine.
class ReplayTurn {
 public:
  ReplayTurn(EntryWork& work, const TenantInboxes& inboxes, const RunningJob& job)
      : work_(work), inboxes_(inboxes), job_(job), log_(work.table, work.clock), holders_(work.table, work.clock) {}

  Task<Result<JobStep>> take();

 private:
  /// An event that comes into the inbox, unless somebody is faster.
  struct Candidate {
    EventId id{};
    Item item{};         ///< As it was read.
    bool plain = false;  ///< Of `default`, and not in the log.
    StoredRecord seen{};
  };

  Task<Result<std::vector<Candidate>>> read(JobStep& step);
  [[nodiscard]] Status choose(std::vector<Candidate>& events) const;
  Task<Status> leave_out_present(std::vector<Candidate>& events, JobStep& step);
  Task<Status> leave_out_expired(std::vector<Candidate>& events);
  Task<Status> put_in(std::vector<Candidate> events, JobStep& step);
  Task<Status> put_in_one(Candidate& event, JobStep& step);
  /// False: the log does not have the event, or it cannot be put there now (`step.held_up`).
  Task<Result<bool>> hold(Candidate& event, JobStep& step);
  [[nodiscard]] bool must_note(const Item& logged) const;

  EntryWork& work_;
  const TenantInboxes& inboxes_;
  const RunningJob& job_;
  LogItems log_;
  EventHolders holders_;
};

}  // namespace triggers::store::dynamo
