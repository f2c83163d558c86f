#include "inbox/settings.h"

#include "filter/bounds.h"
#include "filter/filter.h"

namespace triggers::inbox {
namespace {

static_assert(inboxes_per_tenant_max <= filter::filters_max, "the filters of a tenant must fit into one set");

std::optional<FieldFault> check_filter(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto parsed = filter::Filter::parse(text);
  if (parsed) return std::nullopt;
  return FieldFault{"filter", "filter cannot be understood at " + parsed.error().path + ": " + parsed.error().message};
}

}  // namespace

std::optional<FieldFault> find_fault(const Settings& settings) {
  if (auto fault = check_text("description", settings.description, description_chars_max)) return fault;
  if (auto fault = check_filter(settings.filter)) return fault;
  if (auto fault = check_range("lease_seconds", settings.lease_duration.count(), lease_seconds_range)) return fault;
  if (settings.max_attempts) {
    if (auto fault = check_range("max_attempts", *settings.max_attempts, max_attempts_range)) return fault;
  }
  if (settings.retention) {
    if (auto fault = check_range("retention_days", settings.retention->count(), retention_days_range)) return fault;
  }
  return check_range("dead_retention_days", settings.dead_retention.count(), dead_retention_days_range);
}

}  // namespace triggers::inbox
