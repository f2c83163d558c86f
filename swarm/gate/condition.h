#pragma once

// A condition of `--fail-if`: parsing it, and judging a finished test by it. The test's figures are in
// report/run_report.h; the options are in run/options.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "swarm/report/run_report.h"
#include "swarm/report/stalled.h"

namespace triggers::swarm {

/// A condition of `--fail-if`. A test has failed if the condition is true:
///
///     [NAME] METRIC (>|>=|<|<=) NUMBER[UNIT]
///
///     POST /events p95 > 100ms        error-rate > 1%        accepted/s < 1000
///
/// NAME is a row of the tables (`POST /events`); without it, the condition covers all requests. METRIC is one of: a
/// latency (any percentile such as `p50` or `p99.9`, `min`, `mean`, `max`) with the unit `us`, `ms` or `s`;
/// `error-rate`, the failed share of requests, with `%`; `requests`, `failures`, `accepted`, or their rates per second
/// with `/s`, without a unit. Latencies are exact, not rounded as in Locust.
///
/// Unfinished requests cannot make a condition pass. Latency conditions include requests that were cut off or never
/// sent after a wait above the limit (see unended_latencies.h). Failure conditions include stalled requests (see
/// stalled.h). If no event was accepted, the figures of `POST /events` are those of refusals, so a condition about them
/// can fail but not pass.
class Condition {
 public:
  /// Error: `invalid_argument`, which names the part that was not understood and gives an example.
  static Result<Condition> parse(std::string_view text);

  struct Verdict {
    enum class Kind : std::uint8_t {
      passed,
      failed,
      no_data,  ///< No such row, no request, or no accepted event. This is not a pass.
    };
    Kind kind = Kind::no_data;
    std::string explanation;  ///< One line with the measured value, for a person.
  };
  [[nodiscard]] Verdict evaluate(const RunReport& report) const;
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  enum class Metric : std::uint8_t { quantile, min, mean, max, error_rate, requests, failures, accepted };
  enum class Comparison : std::uint8_t { above, at_least, below, at_most };

  static Result<Condition> parse_metric(std::string_view name, Condition condition);
  [[nodiscard]] bool is_latency() const noexcept { return metric_ <= Metric::max; }
  struct Measured {
    Selection selection;
    bool sends_events = false;
    bool known = false;
  };
  [[nodiscard]] Measured find(const RunReport& report) const;
  [[nodiscard]] bool has_ceiling() const noexcept {
    return comparison_ == Comparison::above || comparison_ == Comparison::at_least;
  }
  /// Adds unfinished requests as this metric counts them. Returns a note about them.
  std::string add_unended(Measured& measured, const RunReport& report) const;
  [[nodiscard]] double measure(const Entry& entry, double seconds) const;
  [[nodiscard]] bool holds(double value) const;

  std::string text_, name_;
  Metric metric_ = Metric::requests;
  Comparison comparison_ = Comparison::above;
  double quantile_ = 0;  // for Metric::quantile, 0 to 1
  bool per_second_ = false;
  double limit_ = 0;  // latencies in ms, the error rate in percent
};

}  // namespace triggers::swarm
