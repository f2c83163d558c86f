#pragma once

// For tests: times, ids and leases.

#include <chrono>
#include <cstdint>

#include "inbox/entry.h"

namespace triggers::inbox {

/// The tests work with any time.
inline constexpr UnixMillis test_time{std::chrono::milliseconds(1'800'000'000'000)};

/// Ids in the order of `number`, with `time` as their time.
inline EventId test_id(std::uint64_t number, UnixMillis time = test_time) {
  EventId id;
  const auto ms = static_cast<std::uint64_t>(time.time_since_epoch().count());
  for (int i = 0; i != 6; ++i) id.bytes[i] = static_cast<unsigned char>(ms >> (40 - 8 * i));
  for (int i = 0; i != 8; ++i) id.bytes[8 + i] = static_cast<unsigned char>(number >> (56 - 8 * i));
  return id;
}

inline LeaseId test_lease(std::uint64_t number) { return {test_id(number)}; }

}  // namespace triggers::inbox
