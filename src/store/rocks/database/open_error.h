#pragma once

#include <string>

#include "base/result.h"
#include "store/rocks/database/database_config.h"

namespace rocksdb {
class Status;
}

namespace triggers::store {

/// Why RocksDB did not open the database: `conflict` if another process has it, `unavailable` otherwise.
[[nodiscard]] Error open_error(const std::string& data_dir, const rocksdb::Status& status);

/// `conflict` if another process has RocksDB's own lock. A release before this one takes no other.
Status expect_nobody_else(const DatabaseConfig& config);

}  // namespace triggers::store
