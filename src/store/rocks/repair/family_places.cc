#include "store/rocks/repair/family_places.h"

#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <set>
#include <string_view>

#include "store/rocks/database/database_options.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

/// No entry of any family has this key: it has neither a name nor a known prefix.
constexpr std::string_view added_key{"\0\0\0\0\0\0\0\0", 8};

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

Error failed(const std::string& what) { return {ErrorCode::unavailable, "the repair failed: " + what}; }

/// A new database, in which each family has its place as its number and one table.
Status make_database(const DatabaseConfig& config) {
  const auto cache = new_cache(config);
  auto options = database_options(config, cache);
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* opened = nullptr;
  auto status =
      rocksdb::DB::Open(options, database_dir(config.data_dir), family_descriptors(config, cache), &families, &opened);
  if (!status.ok()) return failed(status.ToString());
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::WriteBatch batch;
  for (auto* const family : families) batch.Put(family, slice(added_key), {});
  status = db->Write({}, &batch);
  if (status.ok()) status = db->Flush({}, families);
  for (auto* const family : families) db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  if (status.ok()) status = db->Close();
  return status.ok() ? Status{Done{}} : failed(status.ToString());
}

/// The number in the name of a table; 0 for another file.
std::uint64_t table_number(const fs::path& path) {
  if (path.extension() != ".sst") return 0;
  const std::string name = path.stem().string();
  std::uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

/// As RocksDB names it.
std::string table_name(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + ".sst";
}

std::vector<fs::path> tables_in(const std::string& data_dir, std::error_code& error) {
  std::vector<fs::path> tables;
  for (const auto& entry : fs::directory_iterator(database_dir(data_dir), error)) {
    if (table_number(entry.path()) > 0) tables.push_back(entry.path());
  }
  return tables;
}

/// The name and the number of the families that tables belong to.
class FamiliesOfTables {
 public:
  void add(const fs::path& table) {
    const auto [name, number] = family_of(table);
    names_.insert(name);
    numbers_.insert(number);
  }
  /// Whether the family of this table has no table yet, and no other family has its number.
  [[nodiscard]] bool lacks(const fs::path& table) const {
    const auto [name, number] = family_of(table);
    return !names_.contains(name) && !numbers_.contains(number);
  }

 private:
  static std::pair<std::string, std::uint64_t> family_of(const fs::path& table) {
    rocksdb::SstFileReader reader({});
    if (!reader.Open(table.string()).ok()) return {};
    const auto properties = reader.GetTableProperties();
    return {properties->column_family_name, properties->column_family_id};
  }

  std::set<std::string> names_;
  std::set<std::uint64_t> numbers_;
};

}  // namespace

Status add_missing_family_tables(const DatabaseConfig& config, const std::string& data_dir) {
  DatabaseConfig made = config;
  made.data_dir = data_dir + "/families";
  std::error_code error;
  fs::create_directories(database_dir(made.data_dir), error);
  if (error) return failed("cannot make " + made.data_dir + ": " + error.message());
  if (auto done = make_database(made); !done) return done;
  FamiliesOfTables families;
  std::uint64_t last = 0;
  for (const auto& table : tables_in(data_dir, error)) {
    families.add(table);
    last = std::max(last, table_number(table));
  }
  for (const auto& table : tables_in(made.data_dir, error)) {
    if (!families.lacks(table)) continue;
    const fs::path to = fs::path(database_dir(data_dir)) / table_name(++last);
    fs::rename(table, to, error);
    if (error) return failed("cannot move a table to " + to.string() + ": " + error.message());
  }
  if (!error) fs::remove_all(made.data_dir, error);
  return error ? failed("cannot use " + made.data_dir + ": " + error.message()) : Status{Done{}};
}

Status remove_added_entries(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families) {
  rocksdb::WriteBatch batch;
  for (auto* const family : families) batch.Delete(family, slice(added_key));
  rocksdb::WriteOptions options;
  options.disableWAL = true;  // The store is synced at the end, or discarded.
  const auto status = db.Write(options, &batch);
  return status.ok() ? Status{Done{}} : failed(status.ToString());
}

}  // namespace triggers::store
