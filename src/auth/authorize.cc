#include "auth/authorize.h"

#include <algorithm>

namespace triggers::auth {

std::string_view denial_name(Denial denial) noexcept {
  switch (denial) {
    case Denial::none: return "";
    case Denial::inactive: return "inactive";
    case Denial::revoked: return "revoked";
    case Denial::expired: return "expired";
    case Denial::secret_expired: return "secret_expired";
  }
  return {};
}

Denial denial_of(const KeyRecord& record, const KeyHash& presented, UnixMillis now) noexcept {
  if (record.status == KeyStatus::revoked) return Denial::revoked;
  if (record.status == KeyStatus::inactive) return Denial::inactive;
  if (record.expires_at && now >= *record.expires_at) return Denial::expired;
  const bool live = std::any_of(record.secrets.begin(), record.secrets.end(), [&](const KeySecret& secret) {
    return secret.hash == presented && (!secret.valid_until || now < *secret.valid_until);
  });
  return live ? Denial::none : Denial::secret_expired;
}

bool allows(Role role, Action action) noexcept {
  switch (action) {
    case Action::read: return true;
    case Action::send:
    case Action::consume: return role == Role::creator || role == Role::admin;
    case Action::manage_inboxes:
    case Action::manage_keys: return role == Role::admin;
  }
  return false;
}

bool may_send_type(const KeyRecord& record, std::string_view event_type) noexcept {
  if (record.event_types.empty()) return true;
  return std::any_of(record.event_types.begin(), record.event_types.end(), [&](std::string_view allowed) {
    if (allowed == event_type) return true;
    if (!allowed.ends_with('*')) return false;
    allowed.remove_suffix(1);
    return event_type.starts_with(allowed);
  });
}

bool may_use_inbox(const KeyRecord& record, std::string_view name) noexcept {
  return record.inboxes.empty() || std::ranges::find(record.inboxes, name) != record.inboxes.end();
}

}  // namespace triggers::auth
