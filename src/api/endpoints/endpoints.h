#pragma once

#include "api/services.h"
#include "base/task.h"

/// One function an endpoint, each in the file of its name. Each reads top to bottom as the way of the request.
namespace triggers::api {

using Answer = Outcome<http::Response>;

/// What one request may hold or ask for.
inline constexpr std::size_t batch_events_max = 500;
inline constexpr std::size_t page_events_max = 200;
inline constexpr std::size_t acknowledged_events_max = 500;

Task<Answer> post_event(Services& services, Exchange& exchange);
Task<Answer> post_batch(Services& services, Exchange& exchange);
Task<Answer> get_inbox(Services& services, Exchange& exchange);
Task<Answer> get_event(Services& services, Exchange& exchange);
Task<Answer> delete_event(Services& services, Exchange& exchange);
Task<Answer> post_ack(Services& services, Exchange& exchange);
Task<Answer> get_me(Services& services, Exchange& exchange);

Task<Answer> create_key(Services& services, Exchange& exchange);
Task<Answer> list_keys(Services& services, Exchange& exchange);
Task<Answer> show_key(Services& services, Exchange& exchange);
Task<Answer> update_key(Services& services, Exchange& exchange);
Task<Answer> rotate_key(Services& services, Exchange& exchange);
Task<Answer> revoke_key(Services& services, Exchange& exchange);
Task<Answer> backup(Services& services, Exchange& exchange);

Task<Answer> get_metrics(Services& services, Exchange& exchange);
Answer get_root(Services& services, const Exchange& exchange);
Answer get_status(Services& services);
Answer get_docs(Services& services, const Exchange& exchange);
Answer get_openapi(Services& services, const Exchange& exchange);
Answer get_favicon();

}  // namespace triggers::api
