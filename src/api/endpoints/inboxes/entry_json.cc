#include "api/endpoints/inboxes/entry_json.h"

#include <fmt/format.h>

#include "api/admission/admitted_inbox.h"
#include "api/endpoints/events/event_json.h"
#include "api/endpoints/inboxes/inbox_json.h"
#include "base/invariant.h"

namespace triggers::api {

std::string_view state_name(std::optional<store::EntryState> state) {
  if (!state) return "undelivered";
  using enum store::EntryState;
  switch (*state) {
    case available: return "available";
    case leased: return "leased";
    case delayed: return "delayed";
    case dead: return "dead";
  }
  INVARIANT(false, "a state without an entry in this switch");
}

CursorScope entry_scope(std::string_view tenant, const store::EntryQuery& query) {
  CursorScope scope{tenant, query.inbox.text(), {}, {}, state_name(query.state)};
  if (query.event_type) scope.event_type = *query.event_type;
  return scope;
}

Refusal from_page_error(const Error& error, const inbox::InboxName& inbox, std::string_view field) {
  if (error.code != ErrorCode::invalid_argument) return from_inbox_error(error, inbox);
  return invalid(field, "is of another inbox, which was deleted and had the name " + inbox.text() +
                            ": leave it out to start again");
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

std::size_t entry_bytes(const store::InboxEntry& entry) {
  const std::size_t failure = entry.last_failure ? entry.last_failure->error.size() : 0;
  return entry.event.payload.size() + entry.event.metadata.size() + 420 + failure;
}

}  // namespace triggers::api
