#include "swarm/stats/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/invariant.h"

namespace triggers::swarm {
namespace {

// The leading eight bits of a duration choose its bucket, as in HdrHistogram. Each duration below 256 ns has its own
// bucket; above that, each power of two has 128 equal buckets.
constexpr int leading_bits = 8;
constexpr std::size_t parts = std::size_t{1} << (leading_bits - 1);

std::size_t index_of(std::uint64_t ns) noexcept {
  const int shift = std::max(0, static_cast<int>(std::bit_width(ns)) - leading_bits);
  return static_cast<std::size_t>(shift) * parts + static_cast<std::size_t>(ns >> shift);
}

struct Range {
  std::uint64_t from, width;
};

Range range_of(std::size_t index) noexcept {
  if (index < 2 * parts) return {index, 1};
  const std::size_t shift = index / parts - 1;
  return {static_cast<std::uint64_t>(index - shift * parts) << shift, std::uint64_t{1} << shift};
}

std::uint64_t clamped(std::chrono::nanoseconds duration) noexcept {
  return static_cast<std::uint64_t>(
      std::clamp(duration, std::chrono::nanoseconds{0}, std::chrono::nanoseconds{Histogram::longest}).count());
}

}  // namespace

void Histogram::add(std::chrono::nanoseconds duration, std::uint64_t count) {
  const std::size_t index = index_of(clamped(duration));
  if (index >= counts_.size()) counts_.resize(index + 1);
  counts_[index] += count;
  count_ += count;
}

void Histogram::merge(const Histogram& other) {
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
}

std::chrono::nanoseconds Histogram::quantile(double quantile) const {
  INVARIANT(quantile >= 0 && quantile <= 1, "the quantile %f", quantile);
  if (count_ == 0) return {};
  // 0.07 * 100 is slightly above 7 in binary, and must not become 8.
  constexpr double rounding = 1e-14;
  const double wanted = std::ceil(quantile * static_cast<double>(count_) * (1 - rounding));
  const std::uint64_t rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    passed += counts_[i];
    if (passed < rank) continue;
    const Range range = range_of(i);
    return std::chrono::nanoseconds{range.from + range.width / 2};
  }
  INVARIANT(false, "the counts of a histogram sum up to less than %llu", static_cast<unsigned long long>(count_));
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> all;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const Range range = range_of(i);
    all.push_back(
        {std::chrono::nanoseconds{range.from}, std::chrono::nanoseconds{range.from + range.width}, counts_[i]});
  }
  return all;
}

}  // namespace triggers::swarm
