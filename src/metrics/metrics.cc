#include "metrics/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/invariant.h"

namespace triggers::metrics {
namespace {

constexpr std::size_t bounds_max = 30;

constexpr std::array<double, 17> duration_bounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                 0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10};
constexpr std::array<double, 15> size_bounds_values{1,   2,   4,    8,    16,   32,   64,   128,
                                                    256, 512, 1024, 2048, 4096, 8192, 16384};

}  // namespace

std::size_t stripe() noexcept {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t mine = threads.fetch_add(1, std::memory_order_relaxed) % stripes;
  return mine;
}

std::uint64_t Counter::value() const noexcept {
  std::uint64_t total = 0;
  for (const auto& cell : cells_) total += cell.value.load(std::memory_order_relaxed);
  return total;
}

struct alignas(64) Histogram::Stripe {
  std::array<std::atomic<std::uint64_t>, bounds_max + 1> counts{};
  std::atomic<double> sum{0};
};

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), stripes_(std::make_unique<Stripe[]>(stripes)) {
  INVARIANT(bounds_.size() <= bounds_max);
  INVARIANT(std::adjacent_find(bounds_.begin(), bounds_.end(), std::greater_equal<>{}) == bounds_.end());
}

Histogram::~Histogram() = default;

void Histogram::observe(double value) noexcept {
  auto& mine = stripes_[stripe()];
  if (std::isnan(value)) {
    mine.counts[bounds_.size()].fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  mine.counts[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  mine.sum.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot;
  snapshot.counts.resize(bounds_.size() + 1);
  for (std::size_t s = 0; s < stripes; ++s) {
    for (std::size_t bucket = 0; bucket < snapshot.counts.size(); ++bucket) {
      snapshot.counts[bucket] += stripes_[s].counts[bucket].load(std::memory_order_relaxed);
    }
    snapshot.sum += stripes_[s].sum.load(std::memory_order_relaxed);
  }
  for (const auto count : snapshot.counts) snapshot.count += count;
  return snapshot;
}

std::span<const double> duration_bounds_seconds() noexcept { return duration_bounds; }
std::span<const double> size_bounds() noexcept { return size_bounds_values; }

}  // namespace triggers::metrics
