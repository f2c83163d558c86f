#pragma once

// Durations as people type them in flags. Times are in base/timestamp.h.

#include <chrono>
#include <optional>
#include <string_view>

namespace triggers {

/// `90s`, `15m`, `24h`, `30d`, or plain seconds; at most 100,000,000 of a unit. Nothing if the text is not one.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace triggers
