#pragma once

// What must be done with the entries of an inbox although nobody asks for it: retention, a lowered limit of attempts,
// what is due, and wrong counts. When it is done is decided by the caller.

#include "store/dynamo/inbox/entry_work.h"

namespace triggers::store::dynamo {

/// Visits one inbox. Every step may be repeated, on any node. For one coroutine.
class EntryUpkeep {
 public:
  explicit EntryUpkeep(EntryWork& work) : work_(work) {}

  /// Ends a bounded number of entries. True: there may be more to end.
  Task<Result<bool>> visit();

 private:
  /// Entries that came back, and whose attempts a lowered limit has used up.
  Task<Result<bool>> end_by_limit();
  /// Undelivered entries that were accepted too long ago: the oldest ones.
  Task<Result<bool>> expire_undelivered();
  Task<Result<bool>> expire_dead();
  /// Finds counts that are wrong, because a node died before it had written what it had counted.
  Task<Status> recount();
  enum class List : std::uint8_t { entries, dead };
  /// Lets those of a list go whose retention is over; how many. What is among the entries and has left is removed
  /// there.
  Task<Result<std::size_t>> expire(List list, std::vector<EventId> ids);

  EntryWork& work_;
};

}  // namespace triggers::store::dynamo
