// POST /admin/keys/{id}/rotate: a new secret. The steps that it shares with the other endpoints are in key_change.h.

#include <fmt/format.h>

#include <algorithm>

#include "api/admission/admit.h"
#include "api/endpoints/keys/key_change.h"
#include "api/endpoints/keys/key_json.h"
#include "api/exchange/json_body.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"
#include "auth/validate.h"

namespace triggers::api {
namespace {

constexpr std::int64_t grace_seconds_max = std::int64_t{30} * 24 * 3600;
constexpr std::int64_t grace_seconds_default = std::int64_t{24} * 3600;

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

Task<OrRefusal<http::Response>> rotate_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit(keys.admission, exchange);
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
  boost::json::object object = key_json(*updated);
  object["api_key"] = api_key;
  object["grace_seconds"] = *grace;
  co_return key_response(200, object, std::move(*memory));
}

}  // namespace triggers::api
