#include "metrics/gauge_text.h"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "base/invariant.h"

namespace triggers::metrics {

std::string gauge_text(std::string_view name, std::string_view help, const std::vector<GaugeSample>& samples) {
  if (samples.empty()) return {};
  prometheus::MetricFamily family{std::string(name), std::string(help), prometheus::MetricType::Gauge, {}};
  INVARIANT(prometheus::CheckMetricName(family.name), "%s is no name of a metric", family.name.c_str());
  family.metric.reserve(samples.size());
  for (const auto& [labels, value] : samples) {
    auto& metric = family.metric.emplace_back();
    metric.gauge.value = value;
    for (const auto& [label, text] : labels) {
      INVARIANT(prometheus::CheckLabelName(label), "%s has the label %s, which is no name of one", family.name.c_str(),
                label.c_str());
      metric.label.push_back({label, text});
    }
  }
  return prometheus::TextSerializer{}.prometheus::Serializer::Serialize({std::move(family)});
}

}  // namespace triggers::metrics
