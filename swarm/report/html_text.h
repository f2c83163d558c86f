#pragma once

// Numbers, times and texts as the HTML report shows them. Text for a terminal is in run/terminal_text.h.

#include <cstddef>
#include <string>
#include <string_view>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// Escapes text for HTML content or a double-quoted attribute. Servers choose error texts: bytes that are not UTF-8,
/// and control characters other than tab and line feed, become U+FFFD.
[[nodiscard]] std::string html_escape(std::string_view text);
/// The same for at most `bytes_max` bytes of text; a longer text ends with `…`.
[[nodiscard]] std::string html_escape_up_to(std::string_view text, std::size_t bytes_max);
/// `1 234 567`, with narrow no-break spaces.
[[nodiscard]] std::string with_separators(std::uint64_t number);
/// Three significant digits without an exponent: `0.420`, `8.13`, `137`, `2 350`. Not for negative numbers.
[[nodiscard]] std::string three_digits(double number);
/// The same without trailing zeros: `0.42`.
[[nodiscard]] std::string short_number(double number);
/// A latency with a suitable unit: `0.42 ms`, `137 ms`, `2.35 s`.
[[nodiscard]] std::string latency_text(double ms);
/// `2026-11-25 07:19:03 UTC`.
[[nodiscard]] std::string utc_text(EpochSeconds time);
/// `0.4 s`, `42 s`, `5 min 3 s`, `2 h`.
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace triggers::swarm
