// POST /admin/keys: create_key() of key_management.h. The steps that it shares with the other endpoints are in
// key_change.h.

#include "api/admission/admit.h"
#include "api/endpoints/keys/key_change.h"
#include "api/endpoints/keys/key_json.h"
#include "api/exchange/json_body.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"
#include "base/uuid7.h"

namespace triggers::api {
namespace {

OrRefusal<std::string> read_user(const Exchange& exchange, const boost::json::object& body) {
  const auto* user = body.if_contains("user_id");
  if (user == nullptr) {
    if (exchange.is_operator) return invalid("user_id", "is required");
    return std::string{exchange.key->record.user_id};
  }
  if (!user->is_string()) return invalid("user_id", "must be a string");
  std::string id{user->get_string()};
  if (!exchange.sees_all_tenants() && id != exchange.key->record.user_id) {
    return Refusal{Code::forbidden,
                   "An admin key manages the keys of its own user_id only.",
                   Details().text("field", "user_id").json(),
                   {},
                   {}};
  }
  return id;
}

}  // namespace

Task<OrRefusal<http::Response>> create_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  auto read = [&] { return read_body(exchange.request); };
  const auto body = co_await parse_off_loop(keys.parsers, exchange, std::move(read));
  if (!body) co_return body.error();
  const auto known = only_members(*body, {"user_id", "user_email", "role", "rate_limit", "event_types", "inboxes",
                                          "expires_at", "description", "all_tenants"});
  if (!known) co_return known.error();
  auto user = read_user(exchange, *body);
  if (!user) co_return user.error();

  const std::string api_key = auth::generate_key();
  auth::KeyRecord record;
  const UnixMillis now = keys.clock.now();
  thread_local Uuid7Generator ids;  // So that keys of one millisecond are listed in order too.
  record.key_id = "key_" + ids.next(now).text();
  record.user_id = std::move(*user);
  record.rate_limit_per_minute = keys.default_rate_limit_per_minute;
  record.created_at = now;
  record.updated_at = now;
  record.secrets.push_back({auth::hash_key(api_key), std::nullopt});
  const auto applied = apply_fields(*body, now, record);
  if (!applied) co_return applied.error();
  const auto granted = may_grant(exchange, record);
  if (!granted) co_return granted.error();

  auto memory = reserve(keys.answers, exchange, key_answer_bytes_max);
  if (!memory) co_return memory.error();
  const KeyRing::Mark before = keys.ring.mark();
  const auto created = co_await keys.store.create_key(record);
  if (!created) co_return from_error(created.error());
  keys.ring.refresh(record, before);
  boost::json::object object = key_json(record);
  object["api_key"] = api_key;
  http::Response response = key_response(201, object, std::move(*memory));
  response.add("Location", "/admin/keys/" + record.key_id);
  co_return response;
}

}  // namespace triggers::api
