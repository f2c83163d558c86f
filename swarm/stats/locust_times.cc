#include "swarm/stats/locust_times.h"

#include <algorithm>
#include <cmath>

#include "base/invariant.h"

namespace triggers::swarm {
namespace {

/// Consecutive buckets: 100 of 1 ms, then 90 of each width; each width is ten times the one before.
std::size_t index_of(std::uint32_t bucket_ms) noexcept {
  if (bucket_ms < 100) return bucket_ms;
  if (bucket_ms < 1000) return 90 + bucket_ms / 10;
  if (bucket_ms < 10'000) return 180 + bucket_ms / 100;
  return 270 + bucket_ms / 1000;
}

std::uint32_t bucket_at(std::size_t index) noexcept {
  const auto i = static_cast<std::uint32_t>(index);
  if (i < 100) return i;
  if (i < 190) return (i - 90) * 10;
  if (i < 280) return (i - 180) * 100;
  return (i - 270) * 1000;
}

}  // namespace

std::uint32_t LocustTimes::bucket(double response_ms) noexcept {
  const double ms = std::clamp<double>(response_ms, 0, longest_ms);
  const double width = ms < 100 ? 1 : ms < 1000 ? 10 : ms < 10'000 ? 100 : 1000;
  return static_cast<std::uint32_t>(std::nearbyint(ms / width) * width);  // half to even
}

void LocustTimes::add_bucket(std::uint32_t bucket_ms, std::uint64_t count) {
  const std::size_t index = index_of(std::min(bucket_ms, longest_ms));
  if (index >= counts_.size()) counts_.resize(index + 1);
  counts_[index] += count;
  count_ += count;
}

void LocustTimes::merge(const LocustTimes& other) {
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
}

LocustTimes LocustTimes::since(const LocustTimes& earlier) const {
  INVARIANT(earlier.counts_.size() <= counts_.size() && earlier.count_ <= count_,
            "the times since a later moment are asked for");
  LocustTimes newer = *this;
  for (std::size_t i = 0; i < earlier.counts_.size(); ++i) newer.counts_[i] -= earlier.counts_[i];
  newer.count_ -= earlier.count_;
  return newer;
}

std::uint32_t LocustTimes::percentile(double percentile) const {
  const auto below = static_cast<std::uint64_t>(static_cast<double>(count_) * percentile);
  std::uint64_t passed = 0;
  for (std::size_t i = counts_.size(); i-- > 0;) {
    passed += counts_[i];
    if (counts_[i] > 0 && count_ - passed <= below) return bucket_at(i);
  }
  return 0;
}

double LocustTimes::median(double min_ms, double max_ms) const {
  if (count_ == 0) return 0;
  double position = static_cast<double>(count_ - 1) / 2;
  std::size_t i = 0;
  while (position >= static_cast<double>(counts_[i])) position -= static_cast<double>(counts_[i++]);
  return std::min(std::max<double>(bucket_at(i), min_ms), max_ms);
}

std::map<std::uint32_t, std::uint64_t> LocustTimes::buckets() const {
  std::map<std::uint32_t, std::uint64_t> all;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) all.emplace_hint(all.end(), bucket_at(i), counts_[i]);
  }
  return all;
}

}  // namespace triggers::swarm
