#pragma once

#include <cstdint>
#include <mutex>

#include "base/clock.h"
#include "event/event.h"

namespace triggers::store::dynamo {

/// Makes ids on a node of a fleet: UUIDv7 (RFC 9562) whose last byte is a shard. They strictly increase on this node
/// within the life of this object, also when the clock steps back; between nodes by their clocks only. Any thread.
class FleetIds {
 public:
  event::EventId next(UnixMillis now, unsigned shard);

 private:
  std::mutex mutex_;
  Uuid7Generator generator_;
};

/// The least id of a time: the ids below it are older.
[[nodiscard]] event::EventId first_id_at(UnixMillis time);

}  // namespace triggers::store::dynamo
