#pragma once

// Times as RFC 3339 text. The type of a time and the clocks are in clock.h.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace triggers {

/// `2026-01-31T23:59:59.123Z`: RFC 3339, UTC, milliseconds. Years 0 to 9999.
[[nodiscard]] std::string format_timestamp(UnixMillis time);
void append_timestamp(std::string& out, UnixMillis time);

/// Parses any RFC 3339 date-time, with an offset and any number of fraction digits. Drops what is finer than a
/// millisecond. Nothing if the text is not one.
[[nodiscard]] std::optional<UnixMillis> parse_timestamp(std::string_view text);

}  // namespace triggers
