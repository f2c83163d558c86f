#pragma once

// Names the tables that a manifest lists and that are missing or damaged, of a store that cannot be opened because logs
// or CURRENT are lost too. store_check.h uses it to name all damage at once; trial_open.h opens a store with its logs.

#include <optional>
#include <string>

#include "base/result.h"
#include "store/rocks/database/database_config.h"
#include "store/rocks/database/trial_open.h"

namespace triggers::store {

/// The name of the newest manifest in the database's directory; nothing if none is there.
[[nodiscard]] std::optional<std::string> newest_manifest(const std::string& data_dir);

/// Opens the database for reading only, as this manifest describes it and without any log. Names the tables that are
/// missing or have other bytes than were written. Writes nothing. Error: `unavailable` if it cannot be opened although
/// no table was found to be missing.
Result<TrialOpen> check_manifest(const DatabaseConfig& config, const std::string& manifest);

}  // namespace triggers::store
