#pragma once

// The data of the page's charts. Locust's own documents are in locust_json.h.

#include <string>

#include "swarm/report/json_writer.h"
#include "swarm/web/test_control.h"

namespace triggers::swarm {

/// `GET /stats/history`: `{"points": [POINT]}`, at most History::points_max. A POINT is an array: its end in seconds
/// since the Unix epoch, requests and failures a second, p50, p95 and p99 in ms, users.
[[nodiscard]] std::string history_json(const TestView& view);
/// The member `recent_points` of `GET /stats/requests`: the POINTs of the last seconds.
void write_recent_points(JsonWriter& json, const TestView& view);
/// `GET /stats/latencies`: how many requests took how long, in logarithmic steps, and percentiles in ms.
[[nodiscard]] std::string latencies_json(const TestView& view);

}  // namespace triggers::swarm
