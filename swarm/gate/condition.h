#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "swarm/report/run_report.h"
#include "swarm/report/stalled.h"

namespace triggers::swarm {

/// A condition of `--fail-if`, under which a test has failed:
///
///     [NAME] METRIC (>|>=|<|<=) NUMBER[UNIT]
///
///     POST /events p95 > 100ms        error-rate > 1%        accepted/s < 1000
///
/// NAME is a row of the tables (`POST /events`); without it all requests are judged together. METRIC is a latency
/// (`p50`, `p99.9`, any percentile; `min`, `mean`, `max`) with the unit `us`, `ms` or `s`; or `error-rate`, failures of
/// all requests, with `%`; or one of `requests`, `failures`, `accepted`, and with `/s` the same a second, without a
/// unit. Latencies are the exact ones, not Locust's rounded ones.
///
/// What a test did not see to its end cannot make a condition pass. A latency over a limit counts requests that were
/// cut off, or were never sent, after a longer wait than that (see unended_latencies.h). Failures over a limit count
/// those that stalled (see stalled.h). And where no event was accepted, what is judged of `POST /events`, or of all
/// requests together with it, are refusals: such a condition can fail, and not pass.
class Condition {
 public:
  /// Error: `invalid_argument`, which says what of it was not understood, with an example.
  static Result<Condition> parse(std::string_view text);

  struct Verdict {
    enum class Kind : std::uint8_t {
      passed,
      failed,
      no_data,  ///< No such row, no request, or no event accepted: nothing measured is no success.
    };
    Kind kind = Kind::no_data;
    std::string explanation;  ///< One line for a person, with the measured value.
  };
  [[nodiscard]] Verdict judge(const RunReport& report) const;
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  enum class Metric : std::uint8_t { quantile, min, mean, max, error_rate, requests, failures, accepted };
  enum class Comparison : std::uint8_t { above, at_least, below, at_most };

  static Result<Condition> parse_metric(std::string_view name, Condition condition);
  [[nodiscard]] bool is_latency() const noexcept { return metric_ <= Metric::max; }
  struct Judged {
    Selection selection;
    bool sends_events = false;
    bool known = false;
  };
  [[nodiscard]] Judged find(const RunReport& report) const;
  [[nodiscard]] bool has_ceiling() const noexcept {
    return comparison_ == Comparison::above || comparison_ == Comparison::at_least;
  }
  /// Adds what never ended to what did, as this metric counts it; says so.
  std::string add_unended(Judged& judged, const RunReport& report) const;
  [[nodiscard]] double measure(const Entry& entry, double seconds) const;
  [[nodiscard]] bool holds(double value) const;

  std::string text_, name_;
  Metric metric_ = Metric::requests;
  Comparison comparison_ = Comparison::above;
  double quantile_ = 0;  // of Metric::quantile, 0 to 1
  bool per_second_ = false;
  double limit_ = 0;  // latencies in ms, the error rate in percent
};

}  // namespace triggers::swarm
