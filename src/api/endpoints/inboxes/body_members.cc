#include "api/endpoints/inboxes/body_members.h"

#include <fmt/format.h>

#include "api/exchange/input.h"
#include "base/timestamp.h"

namespace triggers::api {

OrRefusal<std::optional<std::int64_t>> number_member(const boost::json::object& body, std::string_view name,
                                                     inbox::Range range) {
  const auto* value = body.if_contains(name);
  if (value == nullptr) return std::optional<std::int64_t>{};
  if (!value->is_int64() || value->get_int64() < range.min || value->get_int64() > range.max) {
    return invalid(name, fmt::format("must be a whole number from {} to {}", range.min, range.max));
  }
  return std::optional(value->get_int64());
}

OrRefusal<std::optional<std::string>> text_member(const boost::json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  if (value == nullptr) return std::optional<std::string>{};
  if (!value->is_string()) return invalid(name, "must be a string");
  return std::optional(std::string(value->get_string()));
}

OrRefusal<std::optional<UnixMillis>> time_member(const boost::json::object& body, std::string_view name) {
  auto text = text_member(body, name);
  if (!text) return std::move(text).error();
  if (!*text) return std::optional<UnixMillis>{};
  const auto time = parse_timestamp(**text);
  if (!time) return invalid(name, "must be an RFC 3339 time such as 2027-01-31T00:00:00Z");
  return time;
}

OrRefusal<std::optional<std::string>> event_type_member(const boost::json::object& body) {
  auto text = text_member(body, "event_type");
  if (!text || !*text) return text;
  if (auto valid = check_event_type(**text); !valid) return std::move(valid).error();
  return text;
}

OrRefusal<std::optional<store::LeaseId>> lease_member(const boost::json::object& body) {
  const auto text = text_member(body, "lease_id");
  if (!text) return text.error();
  if (!*text) return std::optional<store::LeaseId>{};
  const auto id = Uuid7::parse(**text);
  if (!id) return invalid("lease_id", "must be the lease_id that POST /inboxes/{name}/lease returned");
  return std::optional(store::LeaseId{*id});
}

OrRefusal<std::optional<AskedIds>> event_ids_member(const boost::json::object& body) {
  const auto* value = body.if_contains("event_ids");
  if (value == nullptr) return std::optional<AskedIds>{};
  auto asked = parse_event_ids(*value);
  if (!asked) return std::move(asked).error();
  return std::optional(*std::move(asked));
}

OrRefusal<store::LeaseId> required_lease(const boost::json::object& body) {
  const auto lease = lease_member(body);
  if (!lease) return lease.error();
  if (!*lease) return invalid("lease_id", "is required: the lease_id that POST /inboxes/{name}/lease returned");
  return **lease;
}

}  // namespace triggers::api
