#pragma once

// RocksDB's options for each way to open the database. Our own settings are in database_config.h.

#include <memory>
#include <string>
#include <vector>

#include "store/rocks/database/database_config.h"

namespace rocksdb {
class Cache;
struct ColumnFamilyDescriptor;
struct DBOptions;
}  // namespace rocksdb

namespace triggers::store {

/// Where the database is in a data directory.
[[nodiscard]] std::string database_dir(const std::string& data_dir);

/// The options to open the database. RocksDB then creates nothing that is missing.
[[nodiscard]] rocksdb::DBOptions database_options(const DatabaseConfig& config,
                                                  const std::shared_ptr<rocksdb::Cache>& cache);
/// The options to read only: nothing is written, not even RocksDB's own log.
[[nodiscard]] rocksdb::DBOptions reading_options(const DatabaseConfig& config,
                                                 const std::shared_ptr<rocksdb::Cache>& cache);
/// In the order of Family.
[[nodiscard]] std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(
    const DatabaseConfig& config, const std::shared_ptr<rocksdb::Cache>& cache);
[[nodiscard]] std::shared_ptr<rocksdb::Cache> new_cache(const DatabaseConfig& config);

}  // namespace triggers::store
