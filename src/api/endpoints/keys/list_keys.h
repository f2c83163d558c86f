#pragma once

// The endpoint GET /admin/keys. The other endpoints of keys are in key_management.h.

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/fair_budget.h"
#include "base/task.h"
#include "base/turn_pool.h"
#include "http/wire/message.h"
#include "store/key_store.h"

namespace triggers::api {

struct KeyListing {
  const AdmissionControl& admission;
  store::KeyStore& store;
  FairBudget& answers;
  TurnPool* parsers;  ///< For large pages; null: the loop builds them.
};

/// GET /admin/keys
Task<OrRefusal<http::Response>> list_keys(const KeyListing& keys, Exchange& exchange);

}  // namespace triggers::api
