// PATCH /admin/keys/{id}: update_key() of key_management.h. The steps that it shares with the other endpoints are in
// key_change.h.

#include "api/admission/admit.h"
#include "api/endpoints/keys/key_change.h"
#include "api/endpoints/keys/key_json.h"
#include "api/exchange/json_body.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
Task<OrRefusal<http::Response>> update_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  auto read = [&] { return read_body(exchange.request); };
  const auto body = co_await parse_off_loop(keys.parsers, exchange, std::move(read));
  if (!body) co_return body.error();
  const auto known = only_members(*body, {"user_email", "role", "rate_limit", "event_types", "inboxes", "expires_at",
                                          "description", "status", "all_tenants"});
  if (!known) co_return known.error();
  if (body->empty()) co_return invalid("body", "names nothing to change");
  const UnixMillis now = keys.clock.now();
  KeyEdit edit = [&](auth::KeyRecord& record) { return apply_fields(*body, now, record); };
  auto memory = reserve(keys.answers, exchange, key_answer_bytes_max);
  if (!memory) co_return memory.error();
  const auto updated = co_await change_key(keys, exchange, std::move(edit));
  if (!updated) co_return updated.error();
  co_return key_response(200, key_json(*updated), std::move(*memory));
}

}  // namespace triggers::api
