#include "swarm/stats/per_second.h"

#include <algorithm>

namespace triggers::swarm {
namespace {

bool earlier(const PerSecond::Count& count, std::int64_t second) { return count.second < second; }

}  // namespace

void PerSecond::add_elsewhere(std::int64_t second, std::uint64_t count) {
  if (count == 0) return;
  const auto place = std::lower_bound(counts_.begin(), counts_.end(), second, earlier);
  if (place != counts_.end() && place->second == second) {
    place->count += count;
  } else {
    counts_.insert(place, {second, count});
    forget_oldest();
  }
}

void PerSecond::merge(const PerSecond& other) {
  if (other.counts_.empty()) return;
  // Merged counts are mostly newer, so only our newest seconds are rebuilt.
  const auto overlap = std::lower_bound(counts_.begin(), counts_.end(), other.counts_.front().second, earlier);
  const std::vector<Count> ours(overlap, counts_.end());
  counts_.erase(overlap, counts_.end());
  auto next = ours.begin();
  for (const Count& theirs : other.counts_) {
    while (next != ours.end() && next->second < theirs.second) counts_.push_back(*next++);
    counts_.push_back(theirs);
    if (next != ours.end() && next->second == theirs.second) counts_.back().count += next++->count;
  }
  counts_.insert(counts_.end(), next, ours.end());
  forget_oldest();
}

void PerSecond::forget_oldest() {
  // Erase many at a time: erasing one would move all others every second.
  if (counts_.size() <= 2 * seconds_kept) return;
  counts_.erase(counts_.begin(), counts_.end() - static_cast<std::ptrdiff_t>(seconds_kept));
}

std::uint64_t PerSecond::sum(std::int64_t first, std::int64_t last) const {
  std::uint64_t sum = 0;
  for (auto at = std::lower_bound(counts_.begin(), counts_.end(), first, earlier);
       at != counts_.end() && at->second <= last; ++at) {
    sum += at->count;
  }
  return sum;
}

}  // namespace triggers::swarm
