#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace triggers::swarm {

/// Locust's way to write a time: whole seconds (`90`), or hours, minutes and seconds in that order (`1h30m10s`, `5m`),
/// in lower case. Nothing else: where Locust 2.12 reads the beginning of `5s3m` and drops the rest, this refuses.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace triggers::swarm
