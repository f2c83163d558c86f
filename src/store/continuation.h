#pragma once

// Where a page ended, as bytes that only the engine understands; for some engines just an id, which is made and read
// here. The signed cursor that a client gets is made of these bytes in api/endpoints/inbox/cursor.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

// For pages of an inbox that may be removed, and made again under the same name: the position is the number of the
// inbox (InboxRecord::number) and the last id.

[[nodiscard]] inline Continuation continue_after(std::uint64_t inbox, const EventId& id) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(inbox >> shift & 0xff);
  return {bytes.append(id.view())};
}
/// Nothing unless the continuation is a place in this inbox.
[[nodiscard]] inline std::optional<EventId> id_of(const Continuation& continuation, std::uint64_t inbox) {
  const std::size_t id_bytes = EventId{}.view().size();
  if (continuation.bytes.size() != sizeof inbox + id_bytes) return std::nullopt;
  const auto id = EventId::from_bytes(std::string_view(continuation.bytes).substr(sizeof inbox));
  return continuation == continue_after(inbox, id) ? std::optional(id) : std::nullopt;
}

/// The error for a continuation that the engine did not make, or made for another inbox.
[[nodiscard]] inline Error foreign_continuation() {
  return {ErrorCode::invalid_argument, "the cursor is not of this store"};
}

}  // namespace triggers::store
