#pragma once

// Makes event ids on a node of a fleet, and the least id of a time. On the embedded engine: base/uuid7.h and
// rocks/commit/id_time.h.

#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"
#include "event/event.h"

namespace triggers::store::dynamo {

/// Makes ids on a node of a fleet: UUIDv7 (RFC 9562) whose last byte is a shard. They strictly increase within the life
/// of this object, even if the clock steps back; between nodes, only as far as the clocks agree. Any thread.
class FleetIds {
 public:
  event::EventId next(UnixMillis now, unsigned shard);

 private:
  Mutex mutex_;
  Uuid7Generator generator_ GUARDED_BY(mutex_);
};

/// The least id of a time: the ids below it are older.
[[nodiscard]] event::EventId first_id_at(UnixMillis time);
/// Greater than every other id of a time, and less than the ids of the next millisecond.
[[nodiscard]] event::EventId last_id_at(UnixMillis time);

}  // namespace triggers::store::dynamo
