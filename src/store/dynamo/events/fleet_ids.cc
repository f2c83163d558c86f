#include "store/dynamo/events/fleet_ids.h"

#include <algorithm>

namespace triggers::store::dynamo {

event::EventId FleetIds::next(UnixMillis now, unsigned shard) {
  const MutexLock lock(mutex_);
  // The generator counts up by random steps of 48 bits. A step that changes only the last byte, which becomes the
  // shard, is skipped.
  event::EventId previous = generator_.last();
  previous.bytes[15] = 0xff;
  event::EventId id = generator_.next(now);
  while (id <= previous) id = generator_.next(now);
  id.bytes[15] = static_cast<unsigned char>(shard);
  return id;
}

event::EventId first_id_at(UnixMillis time) {
  event::EventId id;
  auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
  for (std::size_t i = 6; i-- > 0; ms >>= 8) id.bytes[i] = static_cast<unsigned char>(ms & 0xff);
  return id;
}

event::EventId last_id_at(UnixMillis time) {
  event::EventId id = first_id_at(time);
  std::fill(id.bytes.begin() + 6, id.bytes.end(), static_cast<unsigned char>(0xff));
  return id;
}

}  // namespace triggers::store::dynamo
