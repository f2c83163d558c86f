#pragma once

// Operations on all dead entries of an inbox. Those on entries that are named are in entry_operations.h.

#include <optional>
#include <string>

#include "store/dynamo/inbox/entry_operations.h"
#include "store/dynamo/inbox/entry_work.h"

namespace triggers::store::dynamo {

/// Walks the list of dead entries, a part at a time. For one coroutine.
class DeadEntries {
 public:
  enum class Do : std::uint8_t { requeue, discard };

  explicit DeadEntries(EntryWork& work) : work_(work) {}

  /// Those that are dead since `work.now` or longer. It begins no part after `time_max`.
  Task<Result<DeadEntriesDone>> all(Do what, std::optional<std::string> event_type, std::chrono::milliseconds time_max);

 private:
  Task<Result<std::vector<EventId>>> of_type(std::vector<EventId> dead, const std::optional<std::string>& event_type);

  EntryWork& work_;
};

}  // namespace triggers::store::dynamo
