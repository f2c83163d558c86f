#include <fmt/format.h>

#include <algorithm>

#include "api/admission/admit.h"
#include "api/endpoints/keys/key_json.h"
#include "api/endpoints/keys/key_management.h"
#include "api/exchange/answer_memory.h"
#include "api/exchange/input.h"
#include "api/exchange/json_body.h"
#include "api/exchange/off_loop.h"
#include "auth/validate.h"
#include "base/uuid7.h"
#include "event/escape.h"

namespace triggers::api {
namespace {

namespace json = boost::json;

/// A key's JSON takes no more, about: 100 event types of 255 characters, each of four bytes or escaped.
constexpr std::size_t key_answer_bytes_max = 256 * 1024;
constexpr std::int64_t grace_seconds_max = std::int64_t{30} * 24 * 3600;
constexpr std::int64_t grace_seconds_default = std::int64_t{24} * 3600;

Refusal no_such_key(std::string_view key_id) {
  // It is whatever stood in the path, which need not be text.
  const std::string shown = event::printable(key_id, auth::KeyLimits::key_id_bytes_max);
  return {Code::not_found, "No key has this id.", Details().text("key_id", shown).json(), {}, {}};
}

/// The operator, and an admin of all tenants, see every key; any other admin those of its own tenant.
bool may_see(const Exchange& exchange, const auth::KeyRecord& record) {
  return exchange.sees_all_tenants() || record.user_id == exchange.key->record.user_id;
}

/// Only who has the right over all tenants may give it away, or change a key that has it.
OrRefusal<Done> may_grant(const Exchange& exchange, const auth::KeyRecord& record) {
  if (!record.all_tenants || exchange.sees_all_tenants()) return Done{};
  return Refusal{Code::forbidden,
                 "Only the operator, or an admin of all tenants, may manage a key of all tenants.",
                 Details().text("reason", "all_tenants").json(),
                 {},
                 {}};
}

http::Response answer(unsigned status, const json::object& object) {
  http::Response response;
  response.status = status;
  response.body = json::serialize(object) + "\n";
  response.add("Cache-Control", "no-store");
  return response;
}

/// Of a change, for which room was reserved.
http::Response answer(unsigned status, const json::object& object, FairBudget::Share memory) {
  http::Response response = answer(status, object);
  hold_reserved(std::move(memory), response);
  return response;
}

OrRefusal<json::object> read_body(const http::Request& request) {
  if (const auto type = require_json(request); !type) return type.error();
  return json_object(request);
}

OrRefusal<std::string> read_user(const Exchange& exchange, const json::object& body) {
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

/// The record that is asked for, if the caller may see it; otherwise it does not exist.
Task<OrRefusal<auth::KeyRecord>> visible_key(const KeyManagement& keys, const Exchange& exchange) {
  std::string key_id{exchange.route.id};
  auto record = co_await keys.store.key_by_id(std::move(key_id));
  if (!record) co_return from_error(record.error());
  if (!*record || !may_see(exchange, **record)) co_return no_such_key(exchange.route.id);
  co_return std::move(**record);
}

using KeyEdit = std::function<OrRefusal<Done>(auth::KeyRecord&)>;

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

/// A change that can refuse; visibility and rights are checked inside it, on the record that is really changed.
Task<OrRefusal<auth::KeyRecord>> change_key(const KeyManagement& keys, const Exchange& exchange, KeyEdit change) {
  std::optional<Refusal> refusal;
  const UnixMillis now = keys.clock.now();
  store::KeyChange guarded = [&](auth::KeyRecord& record) -> Status {
    refusal = refused_change(exchange, change, record);
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

OrRefusal<std::int64_t> read_grace(const http::Request& request) {
  if (request.body.empty()) return grace_seconds_default;
  const auto body = read_body(request);
  if (!body) return body.error();
  if (const auto known = only_members(*body, {"grace_seconds"}); !known) return known.error();
  const auto* grace = body->if_contains("grace_seconds");
  if (grace == nullptr) return grace_seconds_default;
  if (!grace->is_int64() || grace->get_int64() < 0 || grace->get_int64() > grace_seconds_max) {
    return invalid("grace_seconds", fmt::format("must be a whole number from 0 to {}", grace_seconds_max));
  }
  return grace->get_int64();
}

/// Replaces the secret by `fresh`; the old one stays valid for the grace.
void rotate(auth::KeyRecord& record, const auth::KeyHash& fresh, UnixMillis now, std::chrono::seconds grace) {
  std::erase_if(record.secrets, [&](const auto& secret) { return secret.valid_until && *secret.valid_until <= now; });
  for (auto& secret : record.secrets) {
    secret.valid_until = std::min(secret.valid_until.value_or(UnixMillis::max()), now + grace);
  }
  if (record.secrets.size() >= auth::KeyLimits::secrets_max) record.secrets.erase(record.secrets.begin());
  record.secrets.push_back({fresh, std::nullopt});
}

}  // namespace

Task<OrRefusal<http::Response>> create_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit_manager(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  auto read = [&] { return read_body(exchange.request); };
  const auto body = co_await parse_off_loop(keys.parsers, exchange, std::move(read));
  if (!body) co_return body.error();
  const auto known = only_members(*body, {"user_id", "user_email", "role", "rate_limit", "event_types", "expires_at",
                                          "description", "all_tenants"});
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
  json::object object = key_json(record);
  object["api_key"] = api_key;
  http::Response response = answer(201, object, std::move(*memory));
  response.add("Location", "/admin/keys/" + record.key_id);
  co_return response;
}

Task<OrRefusal<http::Response>> show_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit_manager(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto record = co_await visible_key(keys, exchange);
  if (!record) co_return record.error();
  co_return answer(200, key_json(*record));
}

Task<OrRefusal<http::Response>> update_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit_manager(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  auto read = [&] { return read_body(exchange.request); };
  const auto body = co_await parse_off_loop(keys.parsers, exchange, std::move(read));
  if (!body) co_return body.error();
  const auto known = only_members(
      *body, {"user_email", "role", "rate_limit", "event_types", "expires_at", "description", "status", "all_tenants"});
  if (!known) co_return known.error();
  if (body->empty()) co_return invalid("body", "names nothing to change");
  const UnixMillis now = keys.clock.now();
  KeyEdit edit = [&](auth::KeyRecord& record) { return apply_fields(*body, now, record); };
  auto memory = reserve(keys.answers, exchange, key_answer_bytes_max);
  if (!memory) co_return memory.error();
  const auto updated = co_await change_key(keys, exchange, std::move(edit));
  if (!updated) co_return updated.error();
  co_return answer(200, key_json(*updated), std::move(*memory));
}

Task<OrRefusal<http::Response>> rotate_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit_manager(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  auto read = [&] { return read_grace(exchange.request); };
  const auto grace = co_await parse_off_loop(keys.parsers, exchange, std::move(read));
  if (!grace) co_return grace.error();
  const std::string api_key = auth::generate_key();
  const auth::KeyHash fresh = auth::hash_key(api_key);
  const UnixMillis now = keys.clock.now();
  KeyEdit edit = [&](auth::KeyRecord& record) -> OrRefusal<Done> {
    rotate(record, fresh, now, std::chrono::seconds{*grace});
    return Done{};
  };
  auto memory = reserve(keys.answers, exchange, key_answer_bytes_max);
  if (!memory) co_return memory.error();
  const auto updated = co_await change_key(keys, exchange, std::move(edit));
  if (!updated) co_return updated.error();
  json::object object = key_json(*updated);
  object["api_key"] = api_key;
  object["grace_seconds"] = *grace;
  co_return answer(200, object, std::move(*memory));
}

Task<OrRefusal<http::Response>> revoke_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit_manager(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto record = co_await visible_key(keys, exchange);
  if (!record) co_return record.error();
  if (record->status == auth::KeyStatus::revoked) co_return answer(200, key_json(*record));
  KeyEdit edit = [](auth::KeyRecord& changed) -> OrRefusal<Done> {
    changed.status = auth::KeyStatus::revoked;
    return Done{};
  };
  auto memory = reserve(keys.answers, exchange, key_answer_bytes_max);
  if (!memory) co_return memory.error();
  const auto updated = co_await change_key(keys, exchange, std::move(edit));
  if (!updated) co_return updated.error();
  co_return answer(200, key_json(*updated), std::move(*memory));
}

}  // namespace triggers::api
