#include "api/endpoints/keys/key_json.h"

#include <fmt/format.h>

#include "auth/validate.h"
#include "base/timestamp.h"

namespace triggers::api {
namespace {

namespace json = boost::json;

json::value time_json(const std::optional<UnixMillis>& time) {
  if (!time) return nullptr;
  return json::value(format_timestamp(*time));
}

/// Reads a string member; nothing if it is not there.
OrRefusal<std::optional<std::string>> text_member(const json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  if (value == nullptr) return std::optional<std::string>{};
  if (!value->is_string()) return invalid(name, "must be a string");
  return std::optional{std::string{value->get_string()}};
}

OrRefusal<Done> apply_rate(const json::value& value, auth::KeyRecord& record) {
  constexpr auto bounds = "must be a whole number of requests a minute from 1 to 10000000, or \"unlimited\"";
  if (value.is_string() && value.get_string() == "unlimited") {
    record.rate_limit_per_minute.reset();
    return Done{};
  }
  if (!value.is_int64() || value.get_int64() < 1 || value.get_int64() > auth::KeyLimits::rate_limit_per_minute_max) {
    return invalid("rate_limit", bounds);
  }
  record.rate_limit_per_minute = static_cast<std::uint32_t>(value.get_int64());
  return Done{};
}

/// A list of strings; an empty one allows all.
OrRefusal<Done> apply_list(std::string_view name, const json::value& value, std::vector<std::string>& list) {
  if (!value.is_array()) return invalid(name, "must be a list of strings; an empty one allows all");
  std::vector<std::string> texts;
  for (const auto& text : value.get_array()) {
    if (!text.is_string()) return invalid(name, "must contain only strings");
    texts.emplace_back(text.get_string());
  }
  list = std::move(texts);
  return Done{};
}

json::array list_json(const std::vector<std::string>& texts) {
  json::array list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}

OrRefusal<Done> apply_expiry(const json::value& value, UnixMillis now, auth::KeyRecord& record) {
  if (value.is_null()) {
    record.expires_at.reset();
    return Done{};
  }
  const auto time = value.is_string() ? parse_timestamp(std::string{value.get_string()}) : std::nullopt;
  if (!time) return invalid("expires_at", "must be an RFC 3339 time such as 2027-01-31T00:00:00Z, or null");
  if (*time <= now) return invalid("expires_at", "must be in the future");
  record.expires_at = *time;
  return Done{};
}

OrRefusal<Done> apply_status(std::string_view text, auth::KeyRecord& record) {
  const auto status = auth::parse_status(text);
  if (!status || *status == auth::KeyStatus::revoked) {
    return invalid("status", "must be active or inactive; to revoke a key, delete it");
  }
  record.status = *status;
  return Done{};
}

/// validate() begins its message with the field's name.
Refusal invalid_field(std::string_view message) {
  const auto name = message.substr(0, message.find(' '));
  return invalid(name, std::string{message.substr(std::min(name.size() + 1, message.size()))});
}

}  // namespace

json::object key_json(const auth::KeyRecord& record) {
  json::object object;
  object["key_id"] = record.key_id;
  object["user_id"] = record.user_id;
  object["user_email"] = record.user_email;
  object["role"] = json::string_view(auth::role_name(record.role));
  object["all_tenants"] = record.all_tenants;
  if (record.rate_limit_per_minute) {
    object["rate_limit"] = *record.rate_limit_per_minute;
  } else {
    object["rate_limit"] = "unlimited";
  }
  object["event_types"] = list_json(record.event_types);
  object["inboxes"] = list_json(record.inboxes);
  object["status"] = json::string_view(auth::status_name(record.status));
  object["description"] = record.description;
  object["created_at"] = format_timestamp(record.created_at);
  object["updated_at"] = format_timestamp(record.updated_at);
  object["expires_at"] = time_json(record.expires_at);
  object["last_used_at"] = time_json(record.last_used_at);
  return object;
}

OrRefusal<Done> apply_fields(const json::object& body, UnixMillis now, auth::KeyRecord& record) {
  const auto email = text_member(body, "user_email");
  if (!email) return email.error();
  if (*email) record.user_email = **email;
  const auto description = text_member(body, "description");
  if (!description) return description.error();
  if (*description) record.description = **description;
  const auto role = text_member(body, "role");
  if (!role) return role.error();
  if (*role) {
    const auto parsed = auth::parse_role(**role);
    if (!parsed) return invalid("role", "must be viewer, creator or admin");
    record.role = *parsed;
  }
  const auto status = text_member(body, "status");
  if (!status) return status.error();
  if (*status) {
    if (auto applied = apply_status(**status, record); !applied) return applied;
  }
  if (const auto* all = body.if_contains("all_tenants")) {
    if (!all->is_bool()) return invalid("all_tenants", "must be true or false");
    record.all_tenants = all->get_bool();
  }
  if (const auto* rate = body.if_contains("rate_limit")) {
    if (auto applied = apply_rate(*rate, record); !applied) return applied;
  }
  if (const auto* types = body.if_contains("event_types")) {
    if (auto applied = apply_list("event_types", *types, record.event_types); !applied) return applied;
  }
  if (const auto* inboxes = body.if_contains("inboxes")) {
    if (auto applied = apply_list("inboxes", *inboxes, record.inboxes); !applied) return applied;
  }
  if (const auto* expiry = body.if_contains("expires_at")) {
    if (auto applied = apply_expiry(*expiry, now, record); !applied) return applied;
  }
  if (const auto valid = auth::validate(record); !valid) {
    return invalid_field(valid.error().message);
  }
  return Done{};
}

}  // namespace triggers::api
