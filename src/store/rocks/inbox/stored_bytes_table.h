#pragma once

// The stored bytes of each tenant as a start loads them. The commits that change them use commit/storage_bounds.h; what
// of an event counts is in store/storage_limits.h.

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "store/rocks/database/database.h"

namespace triggers::store {

/// A tenant without stored events may be missing.
using StoredBytesByTenant = std::unordered_map<std::string, std::uint64_t>;

/// Loads the counters. If the last run did not keep them, reads the whole log once and stores what it has counted.
/// `unavailable`: something cannot be read or written.
Result<StoredBytesByTenant> load_stored_bytes(Database& database);

/// For a run that does not keep the counters: the next one that does must count again.
Status forget_stored_bytes(Database& database);

}  // namespace triggers::store
