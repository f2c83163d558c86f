#pragma once

// What a continuation contains on DynamoDB. Reading the page from it is in inbox_reader.h.

#include <optional>
#include <set>

#include "store/continuation.h"

namespace triggers::store::dynamo {

/// A position in an inbox whose newest ids are not settled: an event may still become visible although its id is
/// smaller than one that was returned. So the next page reads everything after `settled` again, and leaves out what was
/// returned before. See docs/decisions/0022.
struct InboxPosition {
  EventId settled;             ///< No new event can appear up to here, and pages have passed all that exist.
  EventId scanned_to;          ///< The furthest that a page has read.
  std::set<EventId> returned;  ///< After `settled`.
};

/// The bytes are `settled`, and, if a page has read past it, `scanned_to` and the returned ids. Each id is the time
/// since the one before as a varint and its other ten bytes, about 11 bytes together.
[[nodiscard]] Continuation to_continuation(const InboxPosition& position);
/// Nothing if to_continuation() has not made it.
[[nodiscard]] std::optional<InboxPosition> from_continuation(const Continuation& continuation);

}  // namespace triggers::store::dynamo
