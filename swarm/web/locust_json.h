#pragma once

// The JSON documents of Locust's web API, as the union of those of Locust 2.12 and 2.46: readers of either find what
// they know. The numbers are exact; Locust rounds response times.

#include <string>

#include "swarm/web/test_control.h"

namespace triggers::swarm {

/// As Locust: so many rows, and the aggregated row after them.
inline constexpr std::size_t stats_rows_max = 500;

/// `GET /stats/requests`.
[[nodiscard]] std::string stats_json(const TestView& view);
/// `GET /exceptions`.
[[nodiscard]] std::string exceptions_json(const TestView& view);
/// `GET /tasks`: the shares of the classes and of their tasks, of the running users, or as the weights say.
[[nodiscard]] std::string tasks_json(const TestView& view, const TestSettings& settings);
/// `GET /logs`.
[[nodiscard]] std::string logs_json(const std::vector<std::string>& lines);
/// `window.templateArgs`: what the page starts with.
[[nodiscard]] std::string template_args_json(const TestView& view, const TestSettings& settings);

}  // namespace triggers::swarm
