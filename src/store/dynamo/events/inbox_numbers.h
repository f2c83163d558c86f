#pragma once

// The list of inboxes in an item of the log: which have taken the event. What an inbox's number is: inbox_record.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace triggers::store::dynamo {

using InboxNumbers = std::vector<std::uint64_t>;

/// Each number as the difference from the one before, as varints: one or two bytes each for most tenants. `numbers`
/// ascend.
[[nodiscard]] std::string encode_numbers(const InboxNumbers& numbers);
/// Nothing if encode_numbers() has not made the bytes.
[[nodiscard]] std::optional<InboxNumbers> decode_numbers(std::string_view bytes);

}  // namespace triggers::store::dynamo
