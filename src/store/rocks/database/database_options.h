#pragma once

// RocksDB's options for each way to open the database, its cache, and its folder. With the options comes the filter by
// which compactions drop entries past their window. Our own settings are in database_config.h.

#include <cstdint>
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

/// About the most that one compaction takes beside its input, except for the families of windows.
inline constexpr std::uint64_t compaction_room_bytes = std::uint64_t{600} << 20;

/// Where the database is in a data directory.
[[nodiscard]] std::string database_dir(const std::string& data_dir);

/// The options to open the database. RocksDB then creates nothing that is missing.
[[nodiscard]] rocksdb::DBOptions database_options(const DatabaseConfig& config,
                                                  const std::shared_ptr<rocksdb::Cache>& cache);
/// The options to read only: nothing is written, not even RocksDB's own log.
[[nodiscard]] rocksdb::DBOptions reading_options(const DatabaseConfig& config,
                                                 const std::shared_ptr<rocksdb::Cache>& cache);
/// Of the first `count` families, in the order of Family.
[[nodiscard]] std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(
    const DatabaseConfig& config, const std::shared_ptr<rocksdb::Cache>& cache, std::size_t count = family_count);
[[nodiscard]] std::shared_ptr<rocksdb::Cache> new_cache(const DatabaseConfig& config);

}  // namespace triggers::store
