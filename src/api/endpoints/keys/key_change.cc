#include "api/endpoints/keys/key_change.h"

#include "api/exchange/input.h"
#include "api/exchange/json_body.h"
#include "api/exchange/response_memory.h"
#include "auth/validate.h"
#include "event/quotable.h"

namespace triggers::api {
namespace {

Refusal no_such_key(std::string_view key_id) {
  // The id is what the client put into the path; it need not be text.
  const std::string quoted = event::quotable(key_id, auth::KeyLimits::key_id_bytes_max);
  return {Code::not_found, "No key has this id.", Details().text("key_id", quoted).json(), {}, {}};
}

bool may_see(const Exchange& exchange, const auth::KeyRecord& record) {
  return exchange.sees_all_tenants() || record.user_id == exchange.key->record.user_id;
}

/// Changes the record, or says why not.
std::optional<Refusal> refused_change(const Exchange& exchange, const KeyEdit& change, auth::KeyRecord& record) {
  if (!may_see(exchange, record)) return no_such_key(exchange.route.id);
  if (const auto granted = may_grant(exchange, record); !granted) return granted.error();
  if (record.status == auth::KeyStatus::revoked) {
    return Refusal{Code::conflict,
                   "This key is revoked, for good: create another.",
                   Details().text("key_id", record.key_id).json(),
                   {},
                   {}};
  }
  if (const auto changed = change(record); !changed) return changed.error();
  if (const auto granted = may_grant(exchange, record); !granted) return granted.error();
  return std::nullopt;
}

}  // namespace

Task<OrRefusal<auth::KeyRecord>> visible_key(const KeyManagement& keys, const Exchange& exchange) {
  std::string key_id{exchange.route.id};
  auto record = co_await keys.store.key_by_id(std::move(key_id));
  if (!record) co_return from_error(record.error());
  if (!*record || !may_see(exchange, **record)) co_return no_such_key(exchange.route.id);
  co_return std::move(**record);
}

OrRefusal<Done> may_grant(const Exchange& exchange, const auth::KeyRecord& record) {
  if (!record.all_tenants || exchange.sees_all_tenants()) return Done{};
  return Refusal{Code::forbidden,
                 "Only the operator, or an admin of all tenants, may manage a key of all tenants.",
                 Details().text("reason", "all_tenants").json(),
                 {},
                 {}};
}

Task<OrRefusal<auth::KeyRecord>> change_key(const KeyManagement& keys, const Exchange& exchange, KeyEdit edit) {
  std::optional<Refusal> refusal;
  const UnixMillis now = keys.clock.now();
  store::KeyChange guarded = [&](auth::KeyRecord& record) -> Status {
    refusal = refused_change(exchange, edit, record);
    if (refusal) return Error{ErrorCode::conflict, refusal->message};
    record.updated_at = now;
    return Done{};
  };
  std::string key_id{exchange.route.id};
  const KeyRing::Mark before = keys.ring.mark();
  auto updated = co_await keys.store.update_key(std::move(key_id), std::move(guarded));
  if (refusal) co_return std::move(*refusal);
  if (!updated && updated.error().code == ErrorCode::not_found) co_return no_such_key(exchange.route.id);
  if (!updated) co_return from_error(updated.error());
  keys.ring.refresh(*updated, before);
  co_return std::move(*updated);
}

OrRefusal<boost::json::object> read_body(const http::Request& request) {
  if (const auto type = require_json(request); !type) return type.error();
  return json_object(request);
}

http::Response key_response(unsigned status, const boost::json::object& object) {
  http::Response response;
  response.status = status;
  response.body = boost::json::serialize(object) + "\n";
  response.add("Cache-Control", "no-store");
  return response;
}

http::Response key_response(unsigned status, const boost::json::object& object, FairBudget::Share memory) {
  http::Response response = key_response(status, object);
  count_reserved_until_written(std::move(memory), response);
  return response;
}

}  // namespace triggers::api
