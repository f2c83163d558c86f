#pragma once

// Parses a load that changes, as --stages and --rate take it. What it means over time is in load/load_curve.h.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "swarm/load/load_curve.h"

namespace triggers::swarm {

inline constexpr std::size_t stages_max = 1000;

/// Which targets a stage may have.
struct TargetRule {
  double most = 0;
  bool whole = false;  ///< Users.
};

/// `30s:100,5m:100,30s:0`: the target is 100 after 30 s, stays 100 for 5 min, and is 0 after 30 s more. A time is one
/// of Locust's (duration.h); `0s` changes the target at once. Error: `invalid_argument`, which shows the whole text,
/// names the wrong part and says how to correct it.
[[nodiscard]] Result<std::vector<Stage>> parse_stages(std::string_view text, TargetRule rule);

}  // namespace triggers::swarm
