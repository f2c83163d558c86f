#pragma once

// The text of one log line. Writing it is in log.h.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "log/field.h"

namespace triggers::log {

/// A text of a line is cut at this size: a cause may quote what a client sent.
inline constexpr std::size_t field_bytes_max = 4096;

/// Appends the line with its end, as a JSON object or for a person.
void append_line(std::string& out, bool as_text, UnixMillis time, Level level, std::string_view event, Fields fields);

/// Appends `value` for a person: as it is when that is unambiguous, else as a JSON string. It cannot control a
/// terminal: control characters and those that change the direction of text are escaped or replaced.
void append_readable(std::string& out, std::string_view value);

/// The line that reports `lines` dropped lines.
[[nodiscard]] std::string dropped_line(bool as_text, std::uint64_t lines);

/// Whether lines for `descriptor` are for a person.
[[nodiscard]] bool is_text(Format format, int descriptor) noexcept;

}  // namespace triggers::log
