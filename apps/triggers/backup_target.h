#pragma once

#include <string>

#include "base/result.h"

namespace triggers {

/// `invalid_argument` if the directory, whatever links lead to it, is the data directory or inside it: RocksDB and the
/// next backup would take the copy for their own. Of a repair's new store as well.
Status check_backup_target(const std::string& directory, const std::string& data_dir);

}  // namespace triggers
