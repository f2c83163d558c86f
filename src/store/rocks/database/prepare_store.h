#pragma once

// The files beside the database, at the start: making a store, and converting one of an earlier format version. The
// checks are in store_check.h, and opening the database is in database.h.

#include <cstddef>

#include "base/result.h"
#include "store/rocks/database/database_config.h"
#include "store/rocks/disk/format_file.h"
#include "store/rocks/disk/witness.h"

namespace triggers::store {

/// Brings the directory to the point at which the database can be opened for writing: checks the files, and writes the
/// witness, FORMAT and the inventory of a run. `format`: what FORMAT says, or version 0 if there is none; afterwards,
/// what it says now. A stage other than `made` tells what the open has to make. Errors: as of check_store().
Result<WitnessRecord> prepare_store(const DatabaseConfig& config, FormatFile& format);

}  // namespace triggers::store
