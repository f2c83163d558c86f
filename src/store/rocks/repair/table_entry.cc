#include "store/rocks/repair/table_entry.h"

#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <filesystem>

#include "store/rocks/database/database_options.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& what) { return {ErrorCode::unavailable, "the repair failed: " + what}; }

}  // namespace

// RepairDB makes a manifest of the tables in a folder. With one table, it cannot come upon two that contradict each
// other, which it answers by ending the process.
Result<NamedTable> read_table_entry(const DatabaseConfig& target, const std::string& path) {
  NamedTable table;
  {
    rocksdb::SstFileReader reader({});
    if (const auto status = reader.Open(path); !status.ok()) return failed(path + ": " + status.ToString());
    const auto properties = reader.GetTableProperties();
    table.family = static_cast<std::uint32_t>(properties->column_family_id);
    table.family_name = properties->column_family_name;
  }
  DatabaseConfig alone = target;
  alone.data_dir = target.data_dir + "/one_table";
  const std::string directory = database_dir(alone.data_dir);
  const auto cache = new_cache(alone);
  const auto descriptors = family_descriptors(alone, cache);
  if (std::ranges::find(descriptors, table.family_name, &rocksdb::ColumnFamilyDescriptor::name) == descriptors.end()) {
    return Error{ErrorCode::not_found, "this program has no family with its name, " + table.family_name};
  }
  std::error_code error;
  fs::create_directories(directory, error);
  std::error_code no_link;
  const fs::path to = fs::path(directory) / fs::path(path).filename();
  if (!error) fs::create_hard_link(path, to, no_link);
  if (no_link) fs::copy_file(path, to, error);
  if (error) return failed("cannot copy " + path + ": " + error.message());
  const auto status = rocksdb::RepairDB(directory, database_options(alone, cache), descriptors);
  if (!status.ok()) return failed(path + ": " + status.ToString());
  const auto manifests = read_manifests(directory);
  if (!manifests) return manifests.error();
  fs::remove_all(alone.data_dir, error);
  for (const auto& manifest : *manifests) {
    const auto family = manifest.families.find(table.family);
    if (family == manifest.families.end() || family->second.tables.empty()) continue;
    table.entry = family->second.tables.begin()->second;
    return table;
  }
  return failed("RocksDB finds nothing in " + path);
}

}  // namespace triggers::store
