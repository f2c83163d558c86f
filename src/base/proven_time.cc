#include "base/proven_time.h"

namespace triggers {

using std::chrono::milliseconds;

UnixMillis ProvenTime::at(UnixMillis wall, std::chrono::steady_clock::time_point steady) {
  const auto passed = std::chrono::floor<milliseconds>(steady - looked_at_.value_or(steady));
  const UnixMillis expected = believed_.value_or(wall) + passed;
  looked_at_ = looked_at_ ? *looked_at_ + passed : steady;
  const milliseconds ahead = wall - expected;
  if (ahead <= jump_min) {
    jump_.reset();
    believed_ = wall;
    return wall;
  }
  if (!jump_ || std::chrono::abs(ahead - jump_->by) > jump_min) jump_ = Jump{ahead, steady};
  if (steady - jump_->since < proof) {
    believed_ = expected;
    return expected;
  }
  jump_.reset();
  believed_ = wall;
  return wall;
}

}  // namespace triggers
