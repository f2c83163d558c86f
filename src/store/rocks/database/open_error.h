#pragma once

// Turns RocksDB's refusal to open into an error for an operator. What our own checks find before that is in
// store_check.h.

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
