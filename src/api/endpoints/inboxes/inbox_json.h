#pragma once

// An inbox as JSON: its settings, counts and times. The settings in a request's body are read by settings_body.h; the
// entries of an inbox are written by list_entries.cc and lease.cc.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/wire/message.h"
#include "store/inbox_entries.h"
#include "store/inbox_record.h"

namespace triggers::api {

/// The settings of an inbox, with its name and times: the answer to a change.
void append_settings(std::string& out, const store::InboxRecord& inbox);
/// The same with the counts, and when it was consumed.
void append_inbox(std::string& out, const store::InboxView& view);

/// About the most bytes that append_inbox() appends.
[[nodiscard]] std::size_t inbox_bytes(const store::InboxRecord& inbox);

/// The answer to a change of settings: `ETag` and the settings.
[[nodiscard]] http::Response settings_response(unsigned status, const store::InboxRecord& inbox);

/// `,"name":"…"`, or `,"name":null`.
void append_time(std::string& out, std::string_view name, const std::optional<UnixMillis>& time);
/// `{"available":…,"leased":…,"delayed":…,"dead":…}`
void append_counts(std::string& out, const inbox::Counts& counts);

}  // namespace triggers::api
