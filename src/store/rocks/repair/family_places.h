#pragma once

// The numbers of column families in a repaired database. The rest of a repair is in repair.h.

#include <cstdint>
#include <set>

#include "store/rocks/database/database_config.h"
#include "store/rocks/disk/manifest.h"

namespace triggers::store {

/// A log names a family by its number. Gives each family that `manifest` lacks its usual number: its place in Family.
/// Gives no number if another family has an unusual one, because an earlier release's repair may then have given any.
/// Returns the numbers given.
std::set<std::uint32_t> add_usual_places(const DatabaseConfig& config, Manifest& manifest);

}  // namespace triggers::store
