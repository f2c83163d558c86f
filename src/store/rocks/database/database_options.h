#pragma once

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

/// How the database is opened. They make nothing that is missing.
[[nodiscard]] rocksdb::DBOptions database_options(const DatabaseConfig& config,
                                                  const std::shared_ptr<rocksdb::Cache>& cache);
/// Those that only read: nothing is written, RocksDB's own log neither.
[[nodiscard]] rocksdb::DBOptions reading_options(const DatabaseConfig& config,
                                                 const std::shared_ptr<rocksdb::Cache>& cache);
/// In the order of Family.
[[nodiscard]] std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(
    const DatabaseConfig& config, const std::shared_ptr<rocksdb::Cache>& cache);
[[nodiscard]] std::shared_ptr<rocksdb::Cache> new_cache(const DatabaseConfig& config);

}  // namespace triggers::store
