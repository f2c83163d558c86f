// GET /admin/keys/{id}. The list of keys is in list_keys.cc.

#include "api/admission/admit.h"
#include "api/endpoints/keys/key_change.h"
#include "api/endpoints/keys/key_json.h"

namespace triggers::api {
Task<OrRefusal<http::Response>> show_key(const KeyManagement& keys, Exchange& exchange) {
  const auto admitted = co_await admit(keys.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto record = co_await visible_key(keys, exchange);
  if (!record) co_return record.error();
  co_return key_response(200, key_json(*record));
}

}  // namespace triggers::api
