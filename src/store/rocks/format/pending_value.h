#pragma once

// The bytes of a value in the `pending` family. Its key is in layout.h.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::store {

/// The value of an entry in the `pending` family: a mark, flags, a varint and the type. Before format version 3 it was
/// the type alone.
struct PendingValue {
  /// The entry was put into its inbox again. So there may be a trace of an earlier acknowledgement.
  bool again = false;
  std::optional<std::size_t> record_bytes;  ///< The size of the event's record; nothing before version 3.
  std::string_view event_type;              ///< So that a filter need not read the events that it skips.
};

/// `value.record_bytes` must be set.
void append_pending_value(std::string& out, const PendingValue& value);

/// A view into `bytes`. Nothing if they are not such a value (a corrupt store).
[[nodiscard]] std::optional<PendingValue> decode_pending_value(std::string_view bytes);

}  // namespace triggers::store
