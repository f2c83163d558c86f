#pragma once

// Parses a time as Locust writes it. Printing one is in report/html_text.h.

#include <chrono>
#include <optional>
#include <string_view>

namespace triggers::swarm {

/// Parses a time as Locust writes it: whole seconds (`90`), or hours, minutes and seconds in that order (`1h30m10s`,
/// `5m`), in lower case. Nothing for any other text; Locust 2.12 would read `5s3m` as 5 s.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace triggers::swarm
