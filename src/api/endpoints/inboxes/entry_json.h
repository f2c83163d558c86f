#pragma once

// An entry of an inbox as JSON, and its cursors, for pages and streams. The inbox itself is in inbox_json.h.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/endpoints/inbox/cursor.h"
#include "api/exchange/refusal.h"
#include "store/inbox_entries.h"

namespace triggers::api {

/// `available`, …; `undelivered` for all that are not dead.
[[nodiscard]] std::string_view state_name(std::optional<store::EntryState> state);

/// What the cursors of this query are valid for: of its pages, and of a stream if it has no state. `tenant` and `query`
/// outlive it.
[[nodiscard]] CursorScope entry_scope(std::string_view tenant, const store::EntryQuery& query);

/// A look at the entries has failed. `field`: what carried the cursor, if there was one. The engine refuses a cursor of
/// an inbox that was removed: this one has only its name.
[[nodiscard]] Refusal from_page_error(const Error& error, const inbox::InboxName& inbox, std::string_view field);

/// `{…}`: the event, its state, its attempts and its last failure.
void append_entry(std::string& out, const store::InboxEntry& entry);
/// About what append_entry() appends.
[[nodiscard]] std::size_t entry_bytes(const store::InboxEntry& entry);

}  // namespace triggers::api
