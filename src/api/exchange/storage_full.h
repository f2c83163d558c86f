#pragma once

// The refusal of what finds no room in the store. The other refusals are in refusal.h; the bounds are in
// store/storage_limits.h.

#include "api/exchange/refusal.h"
#include "store/storage_limits.h"

namespace triggers::api {

/// 507, with the name and the value of the option that limits, and what makes room. Clients may repeat the request: it
/// is accepted once there is room, without a restart.
[[nodiscard]] Refusal storage_full(store::StorageLimit limit, const store::TenantLimits& limits = {});

}  // namespace triggers::api
