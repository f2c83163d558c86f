#pragma once

// One text for all events of the same content, to be hashed. Comparing two events directly is same_content() in
// event.h; the short hash is in fingerprint.h.

#include <string>
#include <string_view>

namespace triggers::event {

/// One form for all events of the same content: equal for two events exactly if their types are equal and
/// same_content() holds for their payloads. Not JSON; to be hashed. At most 11 bytes longer than both for each value.
/// O(n log n) in their size.
[[nodiscard]] std::string canonical(std::string_view event_type, std::string_view payload);

}  // namespace triggers::event
