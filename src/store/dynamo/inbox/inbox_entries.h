#pragma once

// The entries of one inbox for one request: what the store calls for consumers. What a node keeps of all its inboxes is
// in inbox_node.h.

#include <optional>
#include <string>
#include <vector>

#include "store/dynamo/inbox/entry_work.h"
#include "store/dynamo/inbox/inbox_node.h"
#include "store/inbox_entries.h"

namespace triggers::store::dynamo {

/// The calls of EntryConsumer and EntryPages (store/inbox_store.h) on one inbox, of a tenant that is managed before
/// anything but a look. It tells the readers of this node. For one coroutine.
class InboxEntries {
 public:
  using Ids = std::vector<EventId>;
  using Results = std::vector<EntryResult>;

  /// The others outlive it. `table`: with the deadline and the turns of the request.
  InboxEntries(InboxNode& node, Table& table, const Tenant& tenant, const InboxRecord& inbox)
      : place_{tenant, inbox}, work_(node.work(table, place_)) {}

  Task<Result<Leased>> lease(LeaseRequest request);
  Task<Result<Results>> acknowledge(std::optional<LeaseId> lease, std::optional<Ids> ids);
  Task<Result<Results>> release(LeaseId lease, std::optional<Ids> ids, std::chrono::seconds delay,
                                std::optional<std::string> error);
  Task<Result<Extended>> extend(LeaseId lease, std::optional<Ids> ids, std::chrono::seconds duration);
  Task<Result<Results>> requeue(Ids ids);
  Task<Result<Results>> discard(Ids ids);
  Task<Result<DeadEntriesDone>> requeue_all(std::optional<std::string> event_type);
  Task<Result<DeadEntriesDone>> discard_all(std::optional<std::string> event_type);

  Task<Result<EntryPage>> entries(EntryQuery query);
  Task<Result<Continuation>> entries_end();
  Task<Result<InboxView>> view();
  /// What the inbox knows of different events, without those that were never touched. An event that has left without a
  /// trace has an empty record.
  Task<Result<std::vector<std::optional<inbox::Record>>>> records(Ids ids);

  /// For the readers of this node: ends what is due, and wakes them if other nodes have made entries available. A query
  /// for each shard and two more, if there is nothing. Call it every InboxNodeConfig::look_every while there are
  /// readers.
  Task<Status> poll();
  /// One part of the regular work on the inbox: ends what is due, and what a change of the settings or time has ended.
  /// True: there is more to do.
  Task<Result<bool>> visit();

 private:
  void tell_readers(std::size_t found = 0);

  const InboxPlace place_;
  EntryWork work_;
};

}  // namespace triggers::store::dynamo
