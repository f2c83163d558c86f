#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "store/event_store.h"

namespace triggers::store::dynamo {

/// A place in an inbox whose newest ids are not settled: an event may still come before one that was shown. So a page
/// reads what is behind `settled` again, and leaves out what was shown already. docs/decisions/0022.
struct Place {
  EventId settled;          ///< Nothing new comes up to here, and all of it is passed.
  EventId looked_at;        ///< The furthest that a page has looked.
  std::set<EventId> shown;  ///< Behind `settled`.
};

/// A PageMark's `shown` holds looked_at and, for each id, the time since the one before as a varint and the other ten
/// bytes: some 11 bytes an id. Empty if nothing was shown behind `settled`.
[[nodiscard]] PageMark to_mark(const Place& place);
/// Nothing if the mark is not ours.
[[nodiscard]] std::optional<Place> from_mark(const PageMark& mark);

}  // namespace triggers::store::dynamo
