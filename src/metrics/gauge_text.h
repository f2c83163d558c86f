#pragma once

// The text of gauges whose labels come and go, which the registry (metrics.h) does not have: it keeps every series.

#include <string>
#include <string_view>
#include <vector>

#include "metrics/metrics.h"

namespace triggers::metrics {

struct GaugeSample {
  Labels labels;  ///< Each value may be any UTF-8 text.
  double value = 0;
};

/// One family in Prometheus's text format 0.0.4, with its samples in this order. Empty without samples. An invariant:
/// the names are valid.
[[nodiscard]] std::string gauge_text(std::string_view name, std::string_view help,
                                     const std::vector<GaugeSample>& samples);

}  // namespace triggers::metrics
