#pragma once

// The document of `--json`: its description and its text. Writing JSON is in json_writer.h.

#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// The document of `swarm --json`: one object with its keys in this order, and a line end.
///
///     {"run": {"host", "user_classes": [name], "users": {name: now},
///              "started", "ended": RFC 3339, "seconds",
///              "model": "closed" or "open", "rate": tasks a second or null,
///              "schedule": null or {"arrivals", "waited_for_user", "behind", "unsent", "unfinished",
///                                   "lateness_ms": {"p50", "p99", "max"}},
///              "cpu": {"seconds", "cores": seconds / run seconds, "busiest_thread": 0 to 1},
///              "warnings": [text]},
///      "total": FIGURES,
///      "names": [{"method", "name", FIGURES}],                       sorted by name, then method
///      "failures": [{"method", "name", "error", "occurrences", "first_seen", "last_seen": RFC 3339}],
///      "exceptions": [{"message", "traceback", "count"}],
///      "metrics": [{"name", "count", "mean", "min", "max"}]}          those of a script, sorted by name
///
/// FIGURES are
///
///     "requests", "failures", "accepted",      requests include the failed ones; events, answered 201, not duplicates
///     "rate_limited",                          requests that were answered 429; they are no failures
///     "requests_per_second", "failures_per_second", "accepted_per_second",
///                                              averages over the whole test
///     "latency_ms": null without requests, or {"min", "mean", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99",
///     "max"}
///
/// Minimum, mean and maximum are exact, percentiles within 1 % (Histogram); nothing is rounded to Locust's buckets.
/// Numbers have at most six decimals, so a latency is exact to the nanosecond.
[[nodiscard]] std::string render_json(const RunReport& report);

}  // namespace triggers::swarm
