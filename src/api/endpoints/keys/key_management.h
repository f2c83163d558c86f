#pragma once

// The endpoints below /admin/keys that concern one key; each has a .cc of its own. The list of keys is in list_keys.h.

#include <cstdint>
#include <optional>

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "api/keys/key_ring.h"
#include "base/clock.h"
#include "base/fair_budget.h"
#include "base/task.h"
#include "base/turn_pool.h"
#include "http/wire/message.h"
#include "store/key_store.h"

namespace triggers::api {

/// What creating and changing keys needs.
struct KeyManagement {
  const AdmissionControl& admission;
  store::KeyStore& store;
  KeyRing& ring;  ///< Gets each change before the client gets its response.
  FairBudget& answers;
  TurnPool* parsers;  ///< For large bodies; null: the loop parses them.
  const Clock& clock;
  std::optional<std::uint32_t> default_rate_limit_per_minute;  ///< Of a new key; nothing: unlimited.
};

/// POST /admin/keys
Task<OrRefusal<http::Response>> create_key(const KeyManagement& keys, Exchange& exchange);
/// GET /admin/keys/{id}
Task<OrRefusal<http::Response>> show_key(const KeyManagement& keys, Exchange& exchange);
/// PATCH /admin/keys/{id}
Task<OrRefusal<http::Response>> update_key(const KeyManagement& keys, Exchange& exchange);
/// POST /admin/keys/{id}/rotate
Task<OrRefusal<http::Response>> rotate_key(const KeyManagement& keys, Exchange& exchange);
/// DELETE /admin/keys/{id}
Task<OrRefusal<http::Response>> revoke_key(const KeyManagement& keys, Exchange& exchange);

}  // namespace triggers::api
