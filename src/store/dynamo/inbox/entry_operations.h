#pragma once

// What consumers and operators do with entries that they name, or that a lease holds. Leasing is in leaser.h; what each
// operation does to an entry is in inbox/transitions.h.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "inbox/transitions.h"
#include "store/dynamo/inbox/entry_work.h"

namespace triggers::store::dynamo {

/// The calls of store/inbox_store.h on one inbox. Ids may repeat; each is handled in its turn. An error may come after
/// some entries were changed: the call may be made again. For one coroutine.
class EntryOperations {
 public:
  using Results = std::vector<EntryResult>;
  using Ids = std::vector<EventId>;

  /// `work` outlives it.
  explicit EntryOperations(EntryWork& work) : work_(work) {}

  Task<Result<Results>> acknowledge(std::optional<LeaseId> lease, std::optional<Ids> ids);
  Task<Result<Results>> release(LeaseId lease, std::optional<Ids> ids, std::chrono::seconds delay,
                                std::optional<std::string> error);
  Task<Result<Extended>> extend(LeaseId lease, std::optional<Ids> ids, std::chrono::seconds duration);
  Task<Result<Results>> requeue(Ids ids);
  Task<Result<Results>> discard(Ids ids);

 private:
  using Operation = std::function<inbox::Transition(const inbox::Record&)>;
  /// When somebody must look at an entry that an operation changes from this state, should this node die. Nothing: a
  /// reminder is there already, or none is needed.
  using RemindAt = std::function<std::optional<UnixMillis>(const StoredRecord&)>;
  struct Batch;

  /// What a call is about, and what was read of it already.
  struct Named {
    Ids ids{};
    std::optional<std::vector<StoredRecord>> seen{};  ///< In the order of `ids`, which are then different.
  };

  Task<Result<Results>> apply(Named named, Operation operation, RemindAt remind_at, bool keep_reminder);
  Task<Status> remind(Batch& batch);
  Task<Status> apply_to_one(Batch& batch, std::size_t i);
  Task<Result<EntryStatus>> apply_once(Batch& batch, const EventId& id, StoredRecord& seen);
  /// `ids`; if there are none, the entries that the lease holds now.
  Task<Result<Named>> named(LeaseId lease, std::optional<Ids> ids);

  EntryWork& work_;
};

}  // namespace triggers::store::dynamo
