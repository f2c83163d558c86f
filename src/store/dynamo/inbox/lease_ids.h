#pragma once

// The ids of leases, from which the reminder of a lease is found. What a lease is, is in inbox/entry.h.

#include <chrono>
#include <cstddef>

#include "inbox/entry.h"

namespace triggers::store::dynamo {

/// What the id of a lease says besides its time, so that nothing has to be stored for it.
struct LeaseFacts {
  std::chrono::seconds duration{};  ///< As the lease was given: at most 12 h.
  std::size_t entries = 0;          ///< How many it was to have: at most 500. It has never had more.
  bool operator==(const LeaseFacts&) const = default;
};

/// A new id: a UUIDv7 whose last 25 bits are the facts. 49 bits of it are random, so that no two leases of one
/// millisecond have the same id.
[[nodiscard]] inbox::LeaseId new_lease_id(UnixMillis now, LeaseFacts facts);
/// Of an id that new_lease_id() has made; of any other id, some facts.
[[nodiscard]] LeaseFacts facts_of(const inbox::LeaseId& lease);
/// When the lease ends, or would have ended if nobody had extended it.
[[nodiscard]] inline UnixMillis first_end_of(const inbox::LeaseId& lease) {
  return lease.value.time() + facts_of(lease).duration;
}

/// A new id of a time, for what is not a lease.
[[nodiscard]] Uuid7 new_uuid(UnixMillis now);

}  // namespace triggers::store::dynamo
