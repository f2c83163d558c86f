#pragma once

// The members that bodies of several endpoints below /inboxes have. The settings of an inbox are in settings_body.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/endpoints/event_ids.h"
#include "api/exchange/json_body.h"
#include "api/exchange/refusal.h"
#include "base/clock.h"
#include "inbox/bounds.h"
#include "store/inbox_entries.h"

namespace triggers::api {

// Each gives nothing if the body has no such member, and refuses one that is of another type or out of bounds.

/// A whole number.
[[nodiscard]] OrRefusal<std::optional<std::int64_t>> number_member(const boost::json::object& body,
                                                                   std::string_view name, inbox::Range range);
[[nodiscard]] OrRefusal<std::optional<std::string>> text_member(const boost::json::object& body, std::string_view name);
/// An RFC 3339 time.
[[nodiscard]] OrRefusal<std::optional<UnixMillis>> time_member(const boost::json::object& body, std::string_view name);
/// `event_type`
[[nodiscard]] OrRefusal<std::optional<std::string>> event_type_member(const boost::json::object& body);
/// `lease_id`
[[nodiscard]] OrRefusal<std::optional<store::LeaseId>> lease_member(const boost::json::object& body);
/// `event_ids`
[[nodiscard]] OrRefusal<std::optional<AskedIds>> event_ids_member(const boost::json::object& body);

/// The lease of a request that needs one.
[[nodiscard]] OrRefusal<store::LeaseId> required_lease(const boost::json::object& body);

}  // namespace triggers::api
