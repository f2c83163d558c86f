#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "swarm/stats/cut_off.h"
#include "swarm/stats/epoch.h"
#include "swarm/stats/histogram.h"
#include "swarm/stats/locust_times.h"
#include "swarm/stats/per_second.h"
#include "swarm/stats/request_name.h"

namespace triggers::swarm {

/// One finished request.
struct Sample {
  /// Monotonic; from when it was (or should have been) sent to the end of its answer.
  std::chrono::nanoseconds latency{};
  std::uint64_t content_bytes = 0;  ///< Of the answer's body, decoded.
  EpochSeconds finished = 0;
  bool failed = false;
  std::uint32_t accepted = 0;  ///< Events that this request stored: answered 201, not as a duplicate, never 429.
};

/// What is known of the requests of one name, or of all together.
struct Entry {
  std::uint64_t requests = 0;  ///< Failed ones included.
  std::uint64_t failures = 0;
  std::uint64_t accepted = 0;
  double response_ms_total = 0;
  double response_ms_min = 0, response_ms_max = 0;  ///< 0 while there are no requests.
  std::uint64_t content_bytes_total = 0;
  std::optional<EpochSeconds> last_finished;
  Histogram latencies;       ///< The truth.
  LocustTimes locust_times;  ///< The same, rounded as Locust's files and messages demand.
  PerSecond requests_by_second, failures_by_second;

  void add(const Sample& sample);
  void merge(const Entry& other);

  /// The latency that at least `quantile` (0 to 1) of all requests are at or below, in ms, within 1 %, and never
  /// outside of what was measured; 0 if there are no requests.
  [[nodiscard]] double latency_ms(double quantile) const;
  [[nodiscard]] double response_ms_mean() const noexcept;  ///< 0 if there are no requests.
};

struct Failure {
  std::string method, name, error;
  std::uint64_t occurrences = 0;
  EpochSeconds first_seen = 0, last_seen = 0;
};

/// An exception that a user's task let out.
struct Exception {
  std::string message, traceback;
  std::uint64_t count = 0;
};

/// All that was counted since `start`. Values: a load thread fills one and hands it over, its owner merges them. Not
/// for two threads at once.
class Statistics {
 public:
  /// Error texts come from servers. This many different failures (and as many exceptions) are told apart; more count
  /// as `other_errors`, for each name.
  static constexpr std::size_t distinct_errors_max = 1000;
  /// What of such a text is kept.
  static constexpr std::size_t error_bytes_max = 1000;
  static constexpr std::string_view other_errors = "other errors";

  explicit Statistics(EpochSeconds start = 0) : start_(start) {}

  void record(RequestName name, const Sample& sample) {
    if (name.index() >= entries_.size()) entries_.resize(name.index() + 1);
    entries_[name.index()].add(sample);
  }
  /// The text of why a request failed; it was recorded with `failed` as well.
  void record_failure(RequestName name, const std::string& error, EpochSeconds when);
  void record_exception(const std::string& message, const std::string& traceback);
  /// A request that ends with its user: it is none of the name's requests, and age is how long it was in flight.
  void record_cut_off(RequestName name, std::chrono::nanoseconds age);
  /// Adds what `newer` counted; the start stays.
  void merge(const Statistics& newer);

  [[nodiscard]] EpochSeconds start() const noexcept { return start_; }
  /// Nothing of a name that has no request.
  [[nodiscard]] const Entry* find(RequestName name) const noexcept;
  struct Row {
    std::string method, name;
    const Entry* entry;
    bool limited = false;  ///< RequestName::is_limited()
  };
  /// Every name that has requests, sorted by (name, method) in code points as Locust sorts them.
  [[nodiscard]] std::vector<Row> rows() const;
  /// All together: Locust's row `Aggregated`.
  [[nodiscard]] Entry aggregated() const;
  /// Requests that were answered 429: those of the names that are RequestName::limited().
  [[nodiscard]] std::uint64_t limited_requests() const;
  /// In the order in which they were first recorded or merged.
  [[nodiscard]] const std::vector<Failure>& failures() const noexcept { return failures_; }
  /// In the order in which they were first recorded or merged.
  [[nodiscard]] const std::vector<Exception>& exceptions() const noexcept { return exceptions_; }
  struct CutOffRow {
    std::string method, name;
    const CutOff* cut_off;
  };
  /// Every name of which requests were cut off, sorted as rows() are.
  [[nodiscard]] std::vector<CutOffRow> cut_off_rows() const;
  /// All together.
  [[nodiscard]] CutOff cut_off() const;
  /// No request, no failure, no exception.
  [[nodiscard]] bool empty() const noexcept;

 private:
  Failure& failure_of(std::string_view method, std::string_view name, std::string_view error, EpochSeconds when);
  Exception& exception_of(std::string_view message, std::string_view traceback);

  EpochSeconds start_;
  std::vector<Entry> entries_;   // by RequestName::index()
  std::vector<CutOff> cut_off_;  // by RequestName::index()
  std::vector<Failure> failures_;
  std::unordered_multimap<std::size_t, std::size_t> failures_by_hash_;  // positions in failures_
  std::vector<Exception> exceptions_;
};

/// Locust's figures of an entry; `aggregated` is that of all entries, `start` that of their Statistics. Zero while
/// nothing has been counted.
struct Rates {
  double requests_per_second = 0, failures_per_second = 0;
};
/// Of our own formats: over so many seconds, whenever the last request ended.
[[nodiscard]] Rates rates_over(const Entry& entry, double seconds);
[[nodiscard]] double accepted_per_second(const Entry& entry, double seconds);
/// Locust's, over the whole time: requests / (last_finished - start), both of the aggregated entry.
[[nodiscard]] Rates total_rates(const Entry& entry, const Entry& aggregated, EpochSeconds start);
/// Over the ten whole seconds that ended two seconds before that of the last request, or what there is of them since
/// the start: the newest seconds may not be all collected yet.
[[nodiscard]] Rates current_rates(const Entry& entry, const Entry& aggregated, EpochSeconds start);

}  // namespace triggers::swarm
