#pragma once

// Whether a request that lasts for long may go on: its key may have changed since it was admitted. The first decision
// is in admit.h.

#include "api/admission/admission_context.h"
#include "api/exchange/endpoint_table.h"
#include "base/task.h"
#include "http/wire/message.h"
#include "inbox/inbox_name.h"

namespace triggers::api {

/// True if the key of the request, which was admitted once, is still good, and its role and its inboxes still allow
/// this. It costs no token of the key's rate limit. A key that the ring must read again, and cannot, is no longer good.
[[nodiscard]] Task<bool> still_admitted(const AdmissionContext& context, const http::Request& request,
                                        const AccessRule& rule, const inbox::InboxName& inbox);

}  // namespace triggers::api
