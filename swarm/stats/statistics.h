#pragma once

// Everything that a test counts by name: requests, failures, exceptions, requests that were cut off, and rates from
// them (statistics_rates.cc). Handing it between threads is in load/recorder.h; printing it is in report/.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "swarm/stats/cut_off.h"
#include "swarm/stats/epoch_seconds.h"
#include "swarm/stats/histogram.h"
#include "swarm/stats/locust_times.h"
#include "swarm/stats/metrics.h"
#include "swarm/stats/per_second.h"
#include "swarm/stats/request_name.h"

namespace triggers::swarm {

/// One finished request.
struct Sample {
  /// Monotonic: from when it was sent (or due) to the end of the response.
  std::chrono::nanoseconds latency{};
  std::uint64_t content_bytes = 0;  ///< Size of the decoded response body.
  EpochSeconds finished = 0;
  bool failed = false;
  std::uint32_t accepted = 0;  ///< Events that this request stored; duplicates do not count.
};

/// The figures of the requests of one name, or of all requests.
struct Entry {
  std::uint64_t requests = 0;  ///< Includes failed requests.
  std::uint64_t failures = 0;
  std::uint64_t accepted = 0;
  double response_ms_total = 0;
  double response_ms_min = 0, response_ms_max = 0;  ///< 0 while there are no requests.
  std::uint64_t content_bytes_total = 0;
  std::optional<EpochSeconds> last_finished;
  Histogram latencies;       ///< Exact, within 1 %.
  LocustTimes locust_times;  ///< Rounded as in Locust's files and messages.
  PerSecond requests_by_second, failures_by_second;

  void add(const Sample& sample);
  void merge(const Entry& other);

  /// The latency in ms at this `quantile` (0 to 1), within 1 % and within the measured range; 0 if there are no
  /// requests.
  [[nodiscard]] double latency_ms(double quantile) const;
  [[nodiscard]] double response_ms_mean() const noexcept;  ///< 0 if there are no requests.
};

struct Failure {
  std::string method, name, error;
  std::uint64_t occurrences = 0;
  EpochSeconds first_seen = 0, last_seen = 0;
};

/// An exception that a user's task threw.
struct Exception {
  std::string message, traceback;
  std::uint64_t count = 0;
};

/// Everything counted since `start`. A value: a load thread fills it and hands it over, and the owner merges it. Not
/// thread-safe.
class Statistics {
 public:
  /// Servers choose error texts, so their number is limited. Further failures (and exceptions) count as `other_errors`
  /// of their name.
  static constexpr std::size_t distinct_errors_max = 1000;
  /// Longer texts are truncated.
  static constexpr std::size_t error_bytes_max = 1000;
  static constexpr std::string_view other_errors = "other errors";

  explicit Statistics(EpochSeconds start = 0) : start_(start) {}

  void record(RequestName name, const Sample& sample) {
    if (name.index() >= entries_.size()) entries_.resize(name.index() + 1);
    entries_[name.index()].add(sample);
  }
  /// Adds the reason why a request failed. The request itself is recorded with `failed` as well.
  void record_failure(RequestName name, const std::string& error, EpochSeconds when);
  void record_exception(const std::string& message, const std::string& traceback);
  /// A request that was cut off with its user after `age` in flight. It does not count as a request of the name.
  void record_cut_off(RequestName name, std::chrono::nanoseconds age);
  /// One value of a figure that the test defines itself.
  void record_metric(std::string_view name, double value) { metrics_.add(name, value); }
  /// Adds the counts of `newer`; keeps the start.
  void merge(const Statistics& newer);

  [[nodiscard]] EpochSeconds start() const noexcept { return start_; }
  /// Null for a name without requests.
  [[nodiscard]] const Entry* find(RequestName name) const noexcept;
  struct Row {
    std::string method, name;
    const Entry* entry;
    bool limited = false;  ///< RequestName::is_limited()
  };
  /// All names with requests, sorted by (name, method) in code points, as Locust sorts them.
  [[nodiscard]] std::vector<Row> rows() const;
  /// All requests: Locust's row `Aggregated`.
  [[nodiscard]] Entry aggregated() const;
  /// Requests that a rate limit refused: those of names that are RequestName::limited().
  [[nodiscard]] std::uint64_t limited_requests() const;
  /// In the order in which they were first recorded or merged.
  [[nodiscard]] const std::vector<Failure>& failures() const noexcept { return failures_; }
  /// In the order in which they were first recorded or merged.
  [[nodiscard]] const std::vector<Exception>& exceptions() const noexcept { return exceptions_; }
  [[nodiscard]] const Metrics& metrics() const noexcept { return metrics_; }
  struct CutOffRow {
    std::string method, name;
    const CutOff* cut_off;
  };
  /// All names with requests that were cut off, sorted like rows().
  [[nodiscard]] std::vector<CutOffRow> cut_off_rows() const;
  /// Of all names.
  [[nodiscard]] CutOff cut_off() const;

 private:
  Failure& failure_of(std::string_view method, std::string_view name, std::string_view error, EpochSeconds when);
  Exception& exception_of(std::string_view message, std::string_view traceback);

  EpochSeconds start_;
  std::vector<Entry> entries_;   // by RequestName::index()
  std::vector<CutOff> cut_off_;  // by RequestName::index()
  std::vector<Failure> failures_;
  std::unordered_multimap<std::size_t, std::size_t> failures_by_hash_;  // positions in failures_
  std::vector<Exception> exceptions_;
  Metrics metrics_;
};

/// Locust's rates of an entry. `aggregated` is the entry of all requests, `start` that of their Statistics. Zero while
/// nothing has been counted.
struct Rates {
  double requests_per_second = 0, failures_per_second = 0;
};
/// For our own formats: over this many seconds, whenever the last request ended.
[[nodiscard]] Rates rates_over(const Entry& entry, double seconds);
[[nodiscard]] double accepted_per_second(const Entry& entry, double seconds);
/// Locust's rate over the whole time: requests / (last_finished - start), both of the aggregated entry.
[[nodiscard]] Rates total_rates(const Entry& entry, const Entry& aggregated, EpochSeconds start);
/// Locust's rate over ten seconds that end two seconds before the last request, or since the start if that is later.
/// The newest seconds may not be collected completely yet.
[[nodiscard]] Rates current_rates(const Entry& entry, const Entry& aggregated, EpochSeconds start);

}  // namespace triggers::swarm
