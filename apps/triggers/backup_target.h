#pragma once

// Checks the directory of a backup or repair. Making the backup is in store/rocks/database/database_copy.h.

#include <string>

#include "base/result.h"

namespace triggers {

/// `invalid_argument` if the directory, with all links resolved, is the data directory or inside it, because RocksDB
/// and the next backup would take the copy for their own files. Also checks the target of a repair.
Status check_backup_target(const std::string& directory, const std::string& data_dir);

}  // namespace triggers
