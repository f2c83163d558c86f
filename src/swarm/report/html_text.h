#pragma once

#include <string>
#include <string_view>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// Text as HTML content or as an attribute's value in double quotes: error texts come from servers.
[[nodiscard]] std::string html_escape(std::string_view text);
/// `1 234 567`, with narrow no-break spaces.
[[nodiscard]] std::string with_separators(std::uint64_t number);
/// Three significant digits and no exponent: `0.42`, `8.13`, `137`, `2 350`.
[[nodiscard]] std::string short_number(double number);
/// `2026-11-25 07:19:03 UTC`.
[[nodiscard]] std::string utc_text(EpochSeconds time);
/// `42 s`, `5 min 3 s`, `2 h 5 min`.
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace triggers::swarm
