// GET /inboxes/{name}/events: list_entries() of inbox_endpoints.h.

#include <fmt/format.h>

#include <algorithm>

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/events/event_json.h"
#include "api/endpoints/inbox/cursor.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/inbox_json.h"
#include "api/endpoints/request_limits.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

using store::EntryState;

std::string_view state_name(std::optional<EntryState> state) {
  if (!state) return "undelivered";
  switch (*state) {
    case EntryState::available: return "available";
    case EntryState::leased: return "leased";
    case EntryState::delayed: return "delayed";
    case EntryState::dead: return "dead";
  }
  INVARIANT(false, "a state without an entry in this switch");
}

OrRefusal<std::optional<EntryState>> parse_state(std::string_view text) {
  for (const std::optional<EntryState> state :
       {std::optional<EntryState>(), std::optional(EntryState::available), std::optional(EntryState::leased),
        std::optional(EntryState::delayed), std::optional(EntryState::dead)}) {
    if (text == state_name(state)) return state;
  }
  return invalid("state", "must be undelivered, available, leased, delayed or dead");
}

CursorScope scope_of(const Exchange& exchange, const store::EntryQuery& query) {
  CursorScope scope{exchange.key->tenant.id, query.inbox.text(), {}, {}, state_name(query.state)};
  if (query.event_type) scope.event_type = *query.event_type;
  return scope;
}

OrRefusal<store::EntryQuery> parse_query(const Inboxes& inboxes, const Exchange& exchange, inbox::InboxName inbox) {
  const auto parameters = query_parameters(exchange.request.query(), {"state", "limit", "cursor", "event_type"});
  if (!parameters) return parameters.error();
  store::EntryQuery query{.inbox = std::move(inbox)};
  query.memory = &inboxes.answers;
  if (const auto* state = find(*parameters, "state")) {
    const auto parsed = parse_state(*state);
    if (!parsed) return parsed.error();
    query.state = *parsed;
  }
  if (const auto* limit = find(*parameters, "limit")) {
    const auto number = parse_number("limit", *limit, 1, page_events_max);
    if (!number) return number.error();
    query.limit = static_cast<std::size_t>(*number);
  }
  if (const auto* type = find(*parameters, "event_type")) {
    if (const auto valid = check_event_type(*type); !valid) return valid.error();
    query.event_type = *type;
  }
  if (const auto* cursor = find(*parameters, "cursor")) {
    query.after = decode_cursor(inboxes.cursor_secret, scope_of(exchange, query), *cursor);
    if (!query.after) {
      return invalid("cursor",
                     "must be the next_cursor of a page of this path with the same state and event_type; leave it out "
                     "to start again");
    }
  }
  return query;
}

void append_entry(std::string& out, const store::InboxEntry& entry) {
  out += '{';
  append_event_members(out, entry.event);
  out += fmt::format(",\"state\":\"{}\",\"attempts\":{},\"last_error\":", state_name(entry.state), entry.attempts);
  if (entry.last_failure) {
    event::append_json_string(out, entry.last_failure->error);
  } else {
    out += "null";
  }
  append_time(out, "last_error_at", entry.last_failure ? std::optional(entry.last_failure->at) : std::nullopt);
  out += '}';
}

/// The size of the response, about.
std::size_t answer_bytes(const store::EntryPage& page) {
  std::size_t bytes = 256;
  for (const auto& entry : page.entries) {
    bytes += entry.event.payload.size() + entry.event.metadata.size() + 420;
    if (entry.last_failure) bytes += entry.last_failure->error.size();
  }
  return bytes;
}

/// Also frees the events, which takes a while for a large page.
http::Response answer(const Inboxes& inboxes, const Exchange& exchange, const store::EntryQuery& query,
                      store::EntryPage& page) {
  http::Response response;
  std::string& body = response.body;
  body.reserve(answer_bytes(page));
  body = "{\"events\":[";
  for (const auto& entry : page.entries) {
    if (body.back() != '[') body += ',';
    append_entry(body, entry);
  }
  body += "],\"pagination\":{\"next_cursor\":";
  if (page.next_after) {
    body += '"' + encode_cursor(inboxes.cursor_secret, scope_of(exchange, query), *page.next_after) + '"';
  } else {
    body += "null";
  }
  body +=
      fmt::format(",\"has_more\":{},\"total_undelivered\":{}}},\"counts\":", page.has_more, page.counts.undelivered());
  append_counts(body, page.counts);
  body += "}\n";
  page.entries = {};
  return response;
}

}  // namespace

Task<OrRefusal<http::Response>> list_entries(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  const auto query = parse_query(inboxes, exchange, *inbox);
  if (!query) co_return query.error();
  auto page = co_await inboxes.store->entries(exchange.key->tenant, *query);
  if (!page) co_return from_inbox_error(page.error(), *inbox);
  const std::size_t bytes = answer_bytes(*page);
  auto make = [&] { return answer(inboxes, exchange, *query, *page); };
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  if (auto refused = count_until_written(std::move(page->memory), response)) co_return *std::move(refused);
  co_return response;
}

}  // namespace triggers::api
