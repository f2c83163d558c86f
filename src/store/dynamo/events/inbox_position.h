#pragma once

#include <optional>
#include <set>

#include "store/continuation.h"

namespace triggers::store::dynamo {

/// A position in an inbox whose newest ids are not settled: an event with a smaller id than one that was returned may
/// still become visible. So the next page reads everything behind `settled` again, and leaves out what it has returned
/// before. See docs/decisions/0022.
struct InboxPosition {
  EventId settled;             ///< No event up to here is still to come, and all of them were passed.
  EventId scanned_to;          ///< The furthest that a page has read.
  std::set<EventId> returned;  ///< Behind `settled`.
};

/// The bytes are `settled`, and, if a page has read past it, `scanned_to` and the returned ids. Each id is the time
/// since the one before as a varint and its other ten bytes, about 11 bytes together.
[[nodiscard]] Continuation to_continuation(const InboxPosition& position);
/// Nothing if to_continuation() has not made it.
[[nodiscard]] std::optional<InboxPosition> from_continuation(const Continuation& continuation);

}  // namespace triggers::store::dynamo
