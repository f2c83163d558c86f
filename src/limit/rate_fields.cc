#include "limit/rate_fields.h"

#include <algorithm>

#include "base/invariant.h"

namespace triggers::limit {
namespace {

std::int64_t whole_seconds(std::chrono::nanoseconds time) {
  return std::chrono::ceil<std::chrono::seconds>(time).count();
}

}  // namespace

std::string policy_field(std::uint32_t per_minute) { return "\"default\";q=" + std::to_string(per_minute) + ";w=60"; }

std::string limit_field(const Decision& decision) {
  INVARIANT(decision.limit.has_value(), "fields of a rate limit for a key that has none");
  return "\"default\";r=" + std::to_string(decision.remaining) + ";t=" + std::to_string(whole_seconds(decision.reset));
}

std::string retry_after_field(std::chrono::nanoseconds retry_after) {
  return std::to_string(std::max<std::int64_t>(whole_seconds(retry_after), 1));
}

}  // namespace triggers::limit
