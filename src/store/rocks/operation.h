#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "base/executor.h"
#include "base/result.h"
#include "store/event_store.h"

namespace rocksdb {
class WriteBatch;
}

namespace triggers::store {

/// A write that waits for the committer. It lives in the frame of the coroutine that waits for it.
struct Operation {
  enum class Kind : std::uint8_t {
    append,       ///< `events` to `appended`.
    acknowledge,  ///< `ids` to `acks`.
    change,       ///< `change` fills the batch by itself; commits alone.
  };

  Kind kind = Kind::append;
  const Tenant* tenant = nullptr;
  std::span<const Append> events;
  std::span<Result<Appended>> appended;  ///< Each event is accepted or not by itself.
  std::span<const EventId> ids;
  std::span<AckOutcome> acks;
  std::function<Status(rocksdb::WriteBatch&)> change;
  std::size_t bytes = 0;  ///< What it counts against the queue's limit.

  /// Set: nothing of the above was done, and `appended` means nothing (or, after a failed sync, nobody knows).
  std::optional<Error> error;

  std::coroutine_handle<> waiter;
  Executor* executor = nullptr;
};

}  // namespace triggers::store
