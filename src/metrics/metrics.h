#pragma once

// Counters, gauges, histograms, and the registry (registry.cc) with their text page. Which metrics exist is decided
// where they are counted. Serving the page is in scraper.h.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace triggers::metrics {

/// Threads count into different cache lines, which are summed at an exposition. So two threads that count the same
/// thing do not wait for each other.
inline constexpr std::size_t stripes = 8;

/// The calling thread's stripe.
[[nodiscard]] std::size_t stripe() noexcept;

/// A counter: it only increases. Any thread.
class Counter {
 public:
  void add(std::uint64_t by = 1) noexcept { cells_[stripe()].value.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Cell, stripes> cells_;
};

/// A gauge: it may increase and decrease. Any thread.
class Gauge {
 public:
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(double by) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Counts observations in buckets. Any thread; no lock.
class Histogram {
 public:
  /// Upper bounds (inclusive) in rising order, at most 30; one bucket above the last is added.
  explicit Histogram(std::span<const double> bounds);
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;
  ~Histogram();

  /// NaN counts into the last bucket and not into the sum.
  void observe(double value) noexcept;

  /// The counts are each bucket's own (not cumulative); they were read one by one, while other threads may have
  /// counted.
  struct Snapshot {
    std::vector<std::uint64_t> counts;
    std::uint64_t count = 0;
    double sum = 0;
  };
  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] std::span<const double> bounds() const noexcept { return bounds_; }

 private:
  struct Stripe;
  std::vector<double> bounds_;
  std::unique_ptr<Stripe[]> stripes_;
};

/// Bounds for durations of requests and syncs: 50 us to 10 s.
[[nodiscard]] std::span<const double> duration_bounds_seconds() noexcept;
/// Bounds for counts: 1 to 16384 by powers of two.
[[nodiscard]] std::span<const double> size_bounds() noexcept;

class Scraper;

using Labels = std::vector<std::pair<std::string, std::string>>;

/// All metrics of a process, by name and labels, in Prometheus's conventions (`triggers_http_requests_total`; seconds
/// and bytes). Any thread may call everything.
class Registry {
 public:
  Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();

  /// The metric of that name and these labels, made on the first call. Takes a lock: resolve once and keep the
  /// reference, which lives as long as the registry. An invariant: names and labels are valid, and a name has one kind.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                       const Labels& labels = {});
  /// A counter whose value is read from `value` at each exposition, for what something else already counts.
  void counter_from(std::string_view name, std::string_view help, const Labels& labels, std::function<double()> value);

  /// Called before each exposition, in the order of registration, to set gauges. One exposition at a time calls it, and
  /// holds no lock that counter() and the like need. Must not call exposition().
  void on_scrape(std::function<void()> hook);

  /// Prometheus's text format 0.0.4. One at a time; a server makes it with a Scraper.
  [[nodiscard]] std::string exposition() const;
  /// Makes expositions on a thread of its own.
  [[nodiscard]] Scraper& scraper() noexcept;
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// Adds process_resident_memory_bytes, process_virtual_memory_bytes, process_cpu_seconds_total, process_open_fds,
/// process_max_fds, process_threads and process_start_time_seconds, read from /proc at each exposition.
void add_process_metrics(Registry& registry);

}  // namespace triggers::metrics
