#include "swarm/run/stages.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "swarm/load/duration.h"
#include "swarm/load/failure_text.h"

namespace triggers::swarm {
namespace {

std::optional<double> parse_target(std::string_view text, TargetRule rule) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(value) || value < 0 || value > rule.most) return std::nullopt;
  if (rule.whole && value != std::floor(value)) return std::nullopt;
  return value;
}

}  // namespace

Result<std::vector<Stage>> parse_stages(std::string_view text, TargetRule rule) {
  // The whole text is shown, and never a part of it: it may be the URL of another option, with a password.
  const auto wrong = [text](std::size_t number, const std::string& why) {
    return Error{ErrorCode::invalid_argument,
                 python_repr_ascii(text) + ": stage " + std::to_string(number) + " " + why};
  };
  std::vector<Stage> stages;
  std::chrono::seconds sum{0};
  double highest = 0;
  for (std::string_view rest = text;;) {
    const std::size_t number = stages.size() + 1;
    if (number > stages_max) return wrong(number, "is one too many: at most " + std::to_string(stages_max));
    const std::string_view part = rest.substr(0, rest.find(','));
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) {
      return wrong(number, "is not TIME:TARGET. For instance: 30s:100,5m:100,30s:0");
    }
    const auto length = parse_duration(part.substr(0, colon));
    if (!length) return wrong(number, "does not begin with a time, such as 90, 30s, 5m or 1h30m");
    const auto target = parse_target(part.substr(colon + 1), rule);
    if (!target) {
      return wrong(number, std::string{"does not end with a "} + (rule.whole ? "whole number" : "number") +
                               " from 0 to " + std::to_string(static_cast<std::int64_t>(rule.most)));
    }
    stages.push_back({*length, *target});
    sum += *length;
    highest = std::max(highest, *target);
    if (part.size() == rest.size()) break;
    rest.remove_prefix(part.size() + 1);
  }
  constexpr std::chrono::seconds longest{10L * 365 * 24 * 3600};
  if (sum <= std::chrono::seconds{0} || sum > longest) {
    return Error{ErrorCode::invalid_argument, python_repr_ascii(text) + ": all stages together last " +
                                                  (sum > longest ? "over ten years" : "no time") +
                                                  ". Give at least one stage a " +
                                                  (sum > longest ? "shorter" : "longer") + " time"};
  }
  if (highest <= 0) {
    return Error{ErrorCode::invalid_argument,
                 python_repr_ascii(text) + ": no stage has a target above 0, so nothing would be sent"};
  }
  return stages;
}

}  // namespace triggers::swarm
