#include "inbox/settings.h"

namespace triggers::inbox {

std::optional<FieldFault> find_fault(const Settings& settings) {
  if (auto fault = check_text("description", settings.description, description_chars_max)) return fault;
  if (settings.filter.size() > filter_bytes_max) {
    return FieldFault{"filter", "filter must have at most " + std::to_string(filter_bytes_max) + " bytes; it has " +
                                    std::to_string(settings.filter.size())};
  }
  if (auto fault = check_text("filter", settings.filter, filter_bytes_max)) return fault;
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
