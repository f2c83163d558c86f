#pragma once

// The tag of an inbox's settings in the headers ETag and If-Match (RFC 9110, sections 8.8.3 and 13.1.1), and the
// refusal if it is not the inbox's.

#include <optional>
#include <string>

#include "api/exchange/refusal.h"
#include "http/wire/message.h"
#include "store/inbox_record.h"

namespace triggers::api {

/// `"NUMBER-REVISION"`, with its quotes.
[[nodiscard]] std::string etag_of(const store::InboxTag& tag);

/// The tag in If-Match; nothing if the header is absent. A tag that etag_of() never makes matches no inbox. Refused: a
/// weak tag with 412; a list of tags, `*`, and what is no tag.
[[nodiscard]] OrRefusal<std::optional<store::InboxTag>> if_match(const http::Request& request);

/// 412. `now`: the tag of the settings as they are; nothing if there is no such inbox.
[[nodiscard]] Refusal settings_have_changed(const std::optional<store::InboxTag>& now);

}  // namespace triggers::api
