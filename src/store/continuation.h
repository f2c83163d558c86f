#pragma once

// Where a page ended, as bytes that only the engine understands. The signed cursor that a client gets is made of these
// bytes in api/endpoints/inbox/cursor.h.

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"
#include "event/event.h"

namespace triggers::store {

using event::EventId;

/// Where a page ended. Only the engine that made the bytes can read them. Clients keep them in cursors for as long as
/// they like, so an engine reads every continuation that an earlier release of it made.
struct Continuation {
  std::string bytes;  ///< At most continuation_bytes_max.

  bool operator==(const Continuation&) const = default;
};
inline constexpr std::size_t continuation_bytes_max = 16 + 20 * 1024;

// For an engine, or an order, whose position is just the last id of a page.

[[nodiscard]] inline Continuation continue_after(const EventId& id) { return {std::string{id.view()}}; }
/// Nothing unless the continuation is exactly an id.
[[nodiscard]] inline std::optional<EventId> id_of(const Continuation& continuation) {
  if (continuation.bytes.size() != EventId{}.view().size()) return std::nullopt;
  return EventId::from_bytes(continuation.bytes);
}

/// The error for a continuation that the engine did not make.
[[nodiscard]] inline Error foreign_continuation() {
  return {ErrorCode::invalid_argument, "the cursor is not of this store"};
}

}  // namespace triggers::store
