#pragma once

// The inbox that a request is about. Who may make the request at all is decided in admit.h.

#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "inbox/inbox_name.h"

namespace triggers::api {

/// The inbox in the path; `default` if the path has none. Call it after admit(). Refused: 400 for a text that is no
/// name; 404 if the key may not use the inbox.
[[nodiscard]] OrRefusal<inbox::InboxName> admitted_inbox(const Exchange& exchange);

/// Whether the request's key may use the inbox. A key may be bound to some; to it, the others do not exist.
[[nodiscard]] bool may_use(const Exchange& exchange, const inbox::InboxName& name);

/// The same for an inbox that does not exist and for one that the key may not use.
[[nodiscard]] Refusal no_such_inbox(const inbox::InboxName& name);

/// The refusal for a failed call of a store about this inbox.
[[nodiscard]] Refusal from_inbox_error(const Error& error, const inbox::InboxName& name);

}  // namespace triggers::api
