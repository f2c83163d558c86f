#include "swarm/run/user_order.h"

#include <algorithm>
#include <cmath>

#include "base/invariant.h"

namespace triggers::swarm {
namespace {

struct Share {
  std::size_t class_index;
  double value;
};

/// One period of the smooth weighted round robin. The next class is the one that is furthest behind its share; ties go
/// to the first.
std::vector<std::size_t> smooth_cycle(const std::vector<Share>& shares) {
  constexpr double smallest_scaled = 2;
  if (shares.empty()) return {};
  const double smallest = std::min_element(shares.begin(), shares.end(), [](const Share& a, const Share& b) {
                            return a.value < b.value;
                          })->value;
  std::vector<long> weights;
  long total = 0;
  for (const Share& share : shares) {
    weights.push_back(std::lrint(smallest_scaled * share.value / smallest));  // half to even, as Python rounds
    total += weights.back();
  }
  std::vector<long> behind(shares.size(), 0);
  std::vector<std::size_t> cycle;
  for (long turn = 0; turn < total; ++turn) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      behind[i] += weights[i];
      if (behind[i] > behind[best]) best = i;
    }
    behind[best] -= total;
    cycle.push_back(shares[best].class_index);
  }
  return cycle;
}

}  // namespace

UserOrder::UserOrder(const std::vector<Class>& classes) {
  std::vector<Share> fixed, weighted;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i].fixed_count > 0) {
      fixed.push_back({i, static_cast<double>(classes[i].fixed_count)});
    } else if (classes[i].weight > 0) {
      weighted.push_back({i, classes[i].weight});
    }
  }
  cycle_ = smooth_cycle(weighted);
  const auto turns = smooth_cycle(fixed);
  std::vector<std::size_t> counts(classes.size(), 0);
  std::size_t wanted = 0;
  for (const Share& share : fixed) wanted += classes[share.class_index].fixed_count;
  for (std::size_t turn = 0; fixed_.size() < wanted; ++turn) {
    const std::size_t index = turns[turn % turns.size()];
    if (counts[index] == classes[index].fixed_count) continue;
    ++counts[index];
    fixed_.push_back(index);
  }
  INVARIANT(!fixed_.empty() || !cycle_.empty(), "no class has users");
}

std::size_t UserOrder::next() {
  const std::size_t turn = started_++;
  if (turn < fixed_.size()) return fixed_[turn];
  INVARIANT(!cycle_.empty(), "user %zu is asked for, and only %zu of a fixed number exist", turn, fixed_.size());
  return cycle_[(turn - fixed_.size()) % cycle_.size()];
}

}  // namespace triggers::swarm
