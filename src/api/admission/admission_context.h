#pragma once

// The objects that admission uses: key ring, first reads, limits, trusted proxies, clock, store. The decision is in
// admit.h.

#include <vector>

#include "api/admission/first_reads.h"
#include "api/keys/key_ring.h"
#include "base/clock.h"
#include "limit/address.h"
#include "limit/failure_limiter.h"
#include "limit/shared_bucket.h"
#include "store/status.h"

namespace triggers::api {

/// What admission decides with. All of it outlives the requests; any thread may use it.
struct AdmissionContext {
  KeyRing& ring;
  FirstReads& first_reads;
  limit::FailureLimiter& failures;
  const limit::TakeSlice& take_slice;  ///< Empty: no other node serves the same keys.
  const std::vector<limit::Network>& trusted_proxies;
  const Clock& clock;
  const store::StoreStatus& store;
};

}  // namespace triggers::api
