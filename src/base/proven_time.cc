#include "base/proven_time.h"

#include <algorithm>
#include <numeric>

namespace triggers {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

UnixMillis ProvenTime::at(UnixMillis wall, steady_clock::time_point steady) {
  const auto passed = std::chrono::floor<milliseconds>(steady - looked_at_.value_or(steady));
  const milliseconds step = wall - (wall_.value_or(wall) + passed);
  looked_at_ = looked_at_ ? *looked_at_ + passed : steady;
  wall_ = wall;
  if (step > jump_min) jump_forward(step, steady);
  if (step < -jump_min) go_back(-step);
  while (!jumps_.empty() && steady - jumps_.front().since >= proof) jumps_.pop_front();
  return wall - unproven();
}

milliseconds ProvenTime::unproven() const noexcept {
  return std::accumulate(jumps_.begin(), jumps_.end(), milliseconds{0},
                         [](milliseconds sum, const Jump& jump) { return sum + jump.by; });
}

void ProvenTime::jump_forward(milliseconds by, steady_clock::time_point now) {
  if (jumps_.size() == jumps_max) {
    by += jumps_.back().by;
    jumps_.pop_back();
  }
  jumps_.push_back({by, now});
}

void ProvenTime::go_back(milliseconds by) {
  while (!jumps_.empty() && by > milliseconds{0}) {
    const milliseconds taken = std::min(by, jumps_.back().by);
    jumps_.back().by -= taken;
    by -= taken;
    if (jumps_.back().by == milliseconds{0}) jumps_.pop_back();
  }
}

}  // namespace triggers
