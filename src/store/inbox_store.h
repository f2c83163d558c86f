#pragma once

// The contract of a tenant's inboxes. What its calls take and answer is in inbox_record.h, inbox_changes.h,
// inbox_entries.h and inbox_jobs.h; how readers wait is in entry_arrivals.h; how an event gets in is in event_log.h.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "store/default_inbox.h"
#include "store/entry_arrivals.h"
#include "store/inbox_changes.h"
#include "store/inbox_entries.h"
#include "store/inbox_jobs.h"
#include "store/tenant.h"

namespace triggers::store {

// The parts of the contract are classes of their own, so that a caller holds only what it uses. All of them: the caller
// has checked the arguments against inbox/bounds.h. Threads and errors are those of EventLog. `not_found`: the tenant
// has no such inbox.

/// The inboxes of a tenant and their settings. An event is routed by the settings at its commit: a change applies to
/// all that is accepted after its answer. It changes nothing about entries that the inbox has, except that Rules
/// (inbox/transitions.h) apply to them.
class InboxDirectory {
 public:
  InboxDirectory() = default;
  InboxDirectory(const InboxDirectory&) = delete;
  InboxDirectory& operator=(const InboxDirectory&) = delete;
  virtual ~InboxDirectory() = default;

  /// By name, `default` among them. At most inboxes_per_tenant_max.
  virtual Task<Result<std::vector<InboxView>>> inboxes(const Tenant& tenant) = 0;
  virtual Task<Result<InboxView>> inbox(const Tenant& tenant, InboxName name) = 0;
  /// Makes the inbox, or replaces all of its settings: put_inbox() in inbox_changes.h.
  virtual Task<Result<PutInbox>> put_inbox(const Tenant& tenant, InboxName name, inbox::Settings settings,
                                           std::optional<InboxTag> if_match) = 0;
  virtual Task<Result<PutInbox>> change_inbox(const Tenant& tenant, InboxName name, SettingsChange change,
                                              std::optional<InboxTag> if_match) = 0;
  /// The name is free when the call returns. False: `if_match` is not the inbox's tag, and nothing changed.
  /// `invalid_argument` for `default`.
  virtual Task<Result<bool>> remove_inbox(const Tenant& tenant, InboxName name, std::optional<InboxTag> if_match) = 0;
};

/// What consumers do with the entries of an inbox:
///
/// - At any time, at most one valid lease holds an entry.
/// - A lease that has ended changes nothing. Its holder is told `lease_lost` for each entry.
/// - An attempt is durable before the lease is answered. So no attempt of an entry is repeated, also across a crash.
/// - A lease takes the oldest available entries.
///
/// Lists of ids have at most 500 elements; the answer has one result for each, in order. An id that occurs twice is
/// handled twice, one after the other.
class EntryConsumer {
 public:
  EntryConsumer() = default;
  EntryConsumer(const EntryConsumer&) = delete;
  EntryConsumer& operator=(const EntryConsumer&) = delete;
  virtual ~EntryConsumer() = default;

  virtual Task<Result<Leased>> lease(const Tenant& tenant, LeaseRequest request) = 0;

  /// With a lease, its holder acknowledges; without `ids`, all that the lease still holds. Without a lease, an entry is
  /// acknowledged in every state, also if a lease holds it. There is a lease, or there are ids.
  virtual Task<Result<std::vector<EntryResult>>> acknowledge(const Tenant& tenant, InboxName inbox,
                                                             std::optional<LeaseId> lease,
                                                             std::optional<std::vector<EventId>> ids) = 0;
  /// Without `ids`: all that the lease still holds. `error` is kept as the entries' last failure.
  virtual Task<Result<std::vector<EntryResult>>> release(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                                         std::optional<std::vector<EventId>> ids,
                                                         std::chrono::seconds delay,
                                                         std::optional<std::string> error) = 0;
  /// The lease of these entries ends `duration` from now, which may be earlier than before.
  virtual Task<Result<Extended>> extend(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                        std::optional<std::vector<EventId>> ids, std::chrono::seconds duration) = 0;

  // Dead entries.

  virtual Task<Result<std::vector<EntryResult>>> requeue(const Tenant& tenant, InboxName inbox,
                                                         std::vector<EventId> ids) = 0;
  virtual Task<Result<std::vector<EntryResult>>> discard(const Tenant& tenant, InboxName inbox,
                                                         std::vector<EventId> ids) = 0;
  /// All that were dead when the call began, or those of one event type. A call takes 10 s at most.
  virtual Task<Result<DeadEntriesDone>> requeue_all(const Tenant& tenant, InboxName inbox,
                                                    std::optional<std::string> event_type) = 0;
  virtual Task<Result<DeadEntriesDone>> discard_all(const Tenant& tenant, InboxName inbox,
                                                    std::optional<std::string> event_type) = 0;
};

/// A look at the entries of an inbox, which changes nothing.
class EntryPages {
 public:
  EntryPages() = default;
  EntryPages(const EntryPages&) = delete;
  EntryPages& operator=(const EntryPages&) = delete;
  virtual ~EntryPages() = default;

  /// `invalid_argument` if `query.after` is no continuation of this engine, or is of another inbox, which had the same
  /// name before.
  virtual Task<Result<EntryPage>> entries(const Tenant& tenant, EntryQuery query) = 0;
  /// Where the undelivered entries end now, as EntryQuery::after: the page behind it has the entries that are accepted
  /// from now on. Of entries that come back, it has those that are newer than all that are undelivered now.
  virtual Task<Result<Continuation>> entries_end(const Tenant& tenant, InboxName inbox) = 0;
};

/// Work on a whole inbox. Errors of a start: `conflict` (a job of this inbox is running), `share_used` and `overloaded`
/// (too many jobs are running). A job that has started goes on after a crash. It ends when its inbox is removed.
class InboxJobs {
 public:
  InboxJobs() = default;
  InboxJobs(const InboxJobs&) = delete;
  InboxJobs& operator=(const InboxJobs&) = delete;
  virtual ~InboxJobs() = default;

  /// Every entry that was undelivered when the call began leaves. Dead entries stay; one that is requeued before the
  /// end of the job may leave, too.
  virtual Task<Result<Job>> purge(const Tenant& tenant, InboxName inbox) = 0;
  /// Puts events of the log into the inbox again, with 0 attempts, if its filter takes them and it has no entry of
  /// them. `collect` does not matter.
  virtual Task<Result<Job>> replay(const Tenant& tenant, InboxName inbox, ReplayRange range) = 0;
  /// Nothing if the inbox does not show such a job, or no longer: jobs_per_inbox_max, job_shown_for.
  virtual Task<Result<std::optional<Job>>> job(const Tenant& tenant, InboxName inbox, Uuid7 id) = 0;
};

/// The whole contract (tests/contract/):
///
/// - An entry leaves an inbox only by an acknowledgement, a discard, a purge, the removal of the inbox, or the inbox's
///   retention.
/// - A tenant sees nothing of another tenant.
class InboxStore : public DefaultInbox,
                   public InboxDirectory,
                   public EntryConsumer,
                   public EntryPages,
                   public EntryArrivals,
                   public InboxJobs {
 public:
  using DefaultInbox::acknowledge;
  using EntryConsumer::acknowledge;
};

}  // namespace triggers::store
