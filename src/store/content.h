#pragma once

// When two events are duplicates by content: the comparison, and the digest that stands for a content. Each engine
// looks for the earlier event in its own way. The cheap fingerprint that finds candidates is in event/fingerprint.h.

#include <array>
#include <optional>
#include <string_view>

#include "store/event_log.h"

namespace triggers::store {

/// True if both are the same event for deduplication: the same type, and a payload that means the same.
[[nodiscard]] bool same_event(const IncomingEvent& event, std::string_view event_type, std::string_view payload);

/// SHA-256 of a type and of the meaning of a payload: two events have the same digest if and only if same_event() is
/// true for them. Making it parses, sorts and hashes the payload (many short members cost most), so it is made only
/// when a fingerprint does not decide.
using ContentDigest = std::array<unsigned char, 32>;
[[nodiscard]] ContentDigest content_digest(std::string_view event_type, std::string_view payload);

[[nodiscard]] inline std::string_view view(const ContentDigest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace triggers::store
