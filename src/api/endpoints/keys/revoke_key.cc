// DELETE /admin/keys/{id}. The steps that it shares with the other endpoints are in key_change.h.

#include "api/admission/admit.h"
#include "api/endpoints/keys/key_change.h"
#include "api/endpoints/keys/key_json.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
Task<OrRefusal<http::Response>> revoke_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto record = co_await visible_key(keys, exchange);
  if (!record) co_return record.error();
  if (record->status == auth::KeyStatus::revoked) co_return key_response(200, key_json(*record));
  KeyEdit edit = [](auth::KeyRecord& changed) -> OrRefusal<Done> {
    changed.status = auth::KeyStatus::revoked;
    return Done{};
  };
  auto memory = reserve(keys.answers, exchange, key_answer_bytes_max);
  if (!memory) co_return memory.error();
  const auto updated = co_await change_key(keys, exchange, std::move(edit));
  if (!updated) co_return updated.error();
  co_return key_response(200, key_json(*updated), std::move(*memory));
}

}  // namespace triggers::api
