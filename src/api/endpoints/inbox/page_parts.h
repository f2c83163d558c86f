#pragma once

// What the pages of GET /inbox and of GET /inboxes/{name}/events have in common: parameters, and the end of the
// response. Waiting for a page is in endpoints/inboxes/entry_wait.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoints/inbox/cursor.h"
#include "api/endpoints/request_limits.h"
#include "api/exchange/input.h"
#include "api/exchange/refusal.h"

namespace triggers::api {

/// Reads `limit` and `event_type` into a query of the store.
template <class Query>
OrRefusal<Done> read_limit_and_type(const std::vector<Parameter>& parameters, Query& query) {
  if (const auto* limit = find(parameters, "limit")) {
    const auto number = parse_number("limit", *limit, 1, page_events_max);
    if (!number) return number.error();
    query.limit = static_cast<std::size_t>(*number);
  }
  if (const auto* type = find(parameters, "event_type")) {
    if (const auto valid = check_event_type(*type); !valid) return valid.error();
    query.event_type = *type;
  }
  return Done{};
}

/// `"pagination":{"next_cursor":…,"has_more":…,"total_undelivered":…}`
void append_pagination(std::string& out, std::string_view cursor_secret, const CursorScope& scope,
                       const std::optional<store::Continuation>& next, bool has_more, std::uint64_t undelivered);

}  // namespace triggers::api
