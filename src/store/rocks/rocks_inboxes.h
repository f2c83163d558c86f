#pragma once

// The calls of consumers on the embedded engine: reads before and after the commit, which are not the committer's work.
// What the commit does is in commit/entry_stage.h; the contract is in store/inbox_store.h.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "store/inbox_store.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/commit/entry_operation.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/read/reader_pool.h"

namespace triggers::store {

/// Any thread with an Executor.
class RocksInboxes final : public EntryConsumer, public EntryPages {
 public:
  /// The others outlive this. `searches`: for large events and for filters, at low priority. `lease_time`: by which
  /// leases and delays end.
  RocksInboxes(Database& database, Tenants& tenants, CommitQueue& queue, ReaderPool& readers, ReaderPool& searches,
               const Clock& lease_time, std::chrono::milliseconds filter_time_max)
      : database_(database),
        tenants_(tenants),
        queue_(queue),
        readers_(readers),
        searches_(searches),
        lease_time_(lease_time),
        filter_time_max_(filter_time_max) {}

  Task<Result<Leased>> lease(const Tenant& tenant, LeaseRequest request) override;
  Task<Result<std::vector<EntryResult>>> acknowledge(const Tenant& tenant, InboxName inbox,
                                                     std::optional<LeaseId> lease,
                                                     std::optional<std::vector<EventId>> ids) override;
  Task<Result<std::vector<EntryResult>>> release(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                                 std::optional<std::vector<EventId>> ids, std::chrono::seconds delay,
                                                 std::optional<std::string> error) override;
  Task<Result<Extended>> extend(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                std::optional<std::vector<EventId>> ids, std::chrono::seconds duration) override;
  Task<Result<std::vector<EntryResult>>> requeue(const Tenant& tenant, InboxName inbox,
                                                 std::vector<EventId> ids) override;
  Task<Result<std::vector<EntryResult>>> discard(const Tenant& tenant, InboxName inbox,
                                                 std::vector<EventId> ids) override;
  Task<Result<DeadEntriesDone>> requeue_all(const Tenant& tenant, InboxName inbox,
                                            std::optional<std::string> event_type) override;
  Task<Result<DeadEntriesDone>> discard_all(const Tenant& tenant, InboxName inbox,
                                            std::optional<std::string> event_type) override;

  Task<Result<EntryPage>> entries(const Tenant& tenant, EntryQuery query) override;
  Task<Result<Continuation>> entries_end(const Tenant& tenant, InboxName inbox) override;

  /// Ends the leases and delays that are over, so that the inbox's counts are those of now. If the store cannot write,
  /// changes nothing.
  Task<void> end_due(const Tenant& tenant, InboxName inbox);
  /// The same for all inboxes of the tenant.
  Task<void> end_due(const Tenant& tenant);

 private:
  using Kind = EntryOperation::Kind;
  using PendingValues = std::vector<std::optional<std::string>>;

  /// Reads what is not of the index alone. `look`: what the index has.
  Task<Result<EntryPage>> read_entries(const Tenant& tenant, const EntryQuery& query,
                                       const std::optional<EventId>& after, const EntryOperation& look);
  /// Submits the operation until the committer has done all of it.
  Task<Status> submit(const Tenant& tenant, EntryOperation& entry);
  /// Submits it and answers its results.
  Task<Result<std::vector<EntryResult>>> results(const Tenant& tenant, EntryOperation entry);
  /// Reads what a lease, and those after it, will read, so that the committer finds it in memory.
  Task<Status> read_ahead(const Tenant& tenant, const EntryOperation& entry);
  Task<Status> read_leased(const Tenant& tenant, EntryOperation& entry, Leased& answer);
  Task<Result<PendingValues>> pending_values(const Tenant& tenant, const std::vector<EventId>& ids);
  /// Requeues or discards the dead entries that were dead when the call began.
  Task<Result<DeadEntriesDone>> all_dead(const Tenant& tenant, Kind kind, InboxName inbox,
                                         std::optional<std::string> event_type);

  Database& database_;
  Tenants& tenants_;
  CommitQueue& queue_;
  ReaderPool& readers_;
  ReaderPool& searches_;
  const Clock& lease_time_;
  const std::chrono::milliseconds filter_time_max_;
};

}  // namespace triggers::store
