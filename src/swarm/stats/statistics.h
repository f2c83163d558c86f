#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "swarm/stats/histogram.h"
#include "swarm/stats/locust_times.h"
#include "swarm/stats/request_name.h"

namespace triggers::swarm {

/// Seconds since the Unix epoch, as Locust's files and messages have them. Only for saying when; durations come from a
/// monotonic clock.
using EpochSeconds = double;

/// One finished request.
struct Sample {
  std::chrono::nanoseconds
      latency{};  ///< Monotonic; from when it was (or should have been) sent to the end of its answer.
  std::uint64_t content_bytes = 0;  ///< Of the answer's body, decoded.
  EpochSeconds finished = 0;
  bool failed = false;
  std::uint32_t accepted = 0;  ///< Events that this request stored: answered 201, not as a duplicate, never 429.
};

/// Counts by whole epoch second, in order.
class PerSecond {
 public:
  void add(std::int64_t second, std::uint64_t count);
  void merge(const PerSecond& other);
  /// The sum over the seconds from `first` to `last`, both included.
  [[nodiscard]] std::uint64_t sum(std::int64_t first, std::int64_t last) const;
  [[nodiscard]] const std::map<std::int64_t, std::uint64_t>& by_second() const noexcept { return by_second_; }

 private:
  std::map<std::int64_t, std::uint64_t> by_second_;
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
  explicit Statistics(EpochSeconds start = 0) : start_(start) {}

  void record(RequestName name, const Sample& sample);
  /// The text of why a request failed; it was recorded with `failed` as well.
  void record_failure(RequestName name, const std::string& error, EpochSeconds when);
  void record_exception(const std::string& message, const std::string& traceback);
  void merge(const Statistics& newer);

  [[nodiscard]] EpochSeconds start() const noexcept { return start_; }
  /// By RequestName::index(); nothing of a name that has no request.
  [[nodiscard]] const Entry* find(RequestName name) const noexcept;
  struct Row {
    std::string method, name;
    const Entry* entry;
  };
  /// Every name that has requests, sorted by (name, method) in code points as Locust sorts them.
  [[nodiscard]] std::vector<Row> rows() const;
  /// All together: Locust's row `Aggregated`.
  [[nodiscard]] Entry aggregated() const;
  /// In the order in which they were first seen.
  [[nodiscard]] const std::vector<Failure>& failures() const noexcept { return failures_; }
  [[nodiscard]] const std::vector<Exception>& exceptions() const noexcept { return exceptions_; }
  [[nodiscard]] bool empty() const noexcept;

 private:
  EpochSeconds start_;
  std::vector<Entry> entries_;  // by RequestName::index()
  std::vector<Failure> failures_;
  std::vector<Exception> exceptions_;
};

/// Locust's figures of an entry; `start` is that of its Statistics.
struct Rates {
  double requests_per_second = 0, failures_per_second = 0;
};
/// Over the whole time: requests / (last_finished - start), both of the aggregated entry.
[[nodiscard]] Rates total_rates(const Entry& entry, const Entry& aggregated, EpochSeconds start);
/// Over the ten whole seconds that ended two seconds before the last request.
[[nodiscard]] Rates current_rates(const Entry& entry, const Entry& aggregated, EpochSeconds start);

}  // namespace triggers::swarm
