#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// Text as HTML content, or as an attribute's value in double quotes. Error texts come from servers: what is not UTF-8,
/// and control characters other than tab and line feed, become U+FFFD.
[[nodiscard]] std::string html_escape(std::string_view text);
/// The same of at most so many bytes; what is longer ends with `…`.
[[nodiscard]] std::string html_escape_up_to(std::string_view text, std::size_t bytes_max);
/// `1 234 567`, with narrow no-break spaces.
[[nodiscard]] std::string with_separators(std::uint64_t number);
/// Three significant digits, at most three after the point if they say enough, and no exponent: `0.420`, `8.13`, `137`,
/// `2 350`. Not below 0.
[[nodiscard]] std::string three_digits(double number);
/// The same without zeros at its end: `0.42`.
[[nodiscard]] std::string short_number(double number);
/// A latency with the unit that suits it: `0.42 ms`, `137 ms`, `2.35 s`.
[[nodiscard]] std::string latency_text(double ms);
/// `2026-11-25 07:19:03 UTC`.
[[nodiscard]] std::string utc_text(EpochSeconds time);
/// `0.4 s`, `42 s`, `5 min 3 s`, `2 h`.
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace triggers::swarm
