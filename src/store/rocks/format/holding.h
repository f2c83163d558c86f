#pragma once

// The bytes that say how many inboxes have an entry of an event. Their key is in layout.h; who changes them is
// inbox/holders.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace triggers::store {

/// The value of an event in the family `holders`. An event without one came into `default` alone, and has left it at
/// most by an acknowledgement.
struct Holding {
  std::uint64_t count = 0;  ///< Inboxes that have an entry of the event, in any state.
  UnixMillis freed_at{};    ///< When the count became 0; zero while it is not.

  bool operator==(const Holding&) const = default;
};

[[nodiscard]] std::string encode_holding(const Holding& holding);
/// Nothing if `bytes` are not what encode_holding() makes.
[[nodiscard]] std::optional<Holding> decode_holding(std::string_view bytes);

}  // namespace triggers::store
