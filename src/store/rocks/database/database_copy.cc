#include "store/rocks/database/database_copy.h"

#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>
#include <memory>

#include "base/encoding.h"
#include "store/rocks/database/database_options.h"
#include "store/rocks/disk/durable.h"
#include "store/rocks/disk/inventory.h"
#include "store/rocks/disk/log_check.h"
#include "store/rocks/disk/witness.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

/// Files that RocksDB does not need for the data.
bool is_bookkeeping(const std::string& name) {
  return name == "LOCK" || name.starts_with("LOG") || name.ends_with(".dbtmp");
}

/// RocksDB makes it anew in a copy, so that no two databases have the same one.
bool is_identity(const std::string& name) { return name == "IDENTITY"; }

/// A table never changes, so a second name for it is enough.
Status link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (from.extension() == ".sst") {
    fs::create_hard_link(from, to, error);
    if (!error) return Done{};
  }
  fs::copy_file(from, to, error);
  if (error) return Error{ErrorCode::unavailable, "cannot copy " + from.string() + ": " + error.message()};
  return sync_file(to);
}

/// A copy has one name. A second name of a table that is in use needs no sync.
Status sync_copies(const std::string& data_dir) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(database_dir(data_dir), error)) {
    if (entry.path().extension() != ".sst" || entry.hard_link_count(error) > 1) continue;
    if (auto synced = sync_file(entry.path()); !synced) return synced;
  }
  if (error) return Error{ErrorCode::unavailable, "cannot look into " + data_dir + ": " + error.message()};
  return sync_directory(database_dir(data_dir));
}

}  // namespace

TableChecksums table_checksums(rocksdb::DB& db) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  db.GetLiveFilesMetaData(&tables);
  TableChecksums checksums;
  for (const auto& table : tables) {
    const bool known = table.file_checksum_func_name != rocksdb::kUnknownFileChecksumFuncName;
    // Its name begins with a slash.
    checksums[table.name.substr(1)] = known ? to_hex(table.file_checksum) : std::string{};
  }
  return checksums;
}

Status seal_directory(const std::string& data_dir, const std::string& store_id, std::uint64_t sequence,
                      const TableChecksums& tables) {
  Inventory inventory{.store_id = store_id, .closed = true, .sequence = sequence};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(database_dir(data_dir), error)) {
    const std::string name = entry.path().filename().string();
    if (is_bookkeeping(name)) continue;
    std::optional<std::string> checksum;
    if (entry.path().extension() == ".sst") {
      const auto known = tables.find(name);
      if (known != tables.end()) checksum = known->second;
    }
    if (auto added = inventory.add(data_dir, "db/" + name, std::move(checksum)); !added) return added;
  }
  if (error) return Error{ErrorCode::unavailable, "cannot look into " + data_dir + ": " + error.message()};
  return inventory.write(data_dir);
}

Status finish_directory(const std::string& data_dir, const FormatFile& format, std::uint64_t sequence,
                        const TableChecksums& tables) {
  if (auto synced = sync_copies(data_dir); !synced) return synced;
  // The inventory lists everything, so the witness has nothing to add yet.
  WitnessRecord record;
  record.store_id = Uuid7::parse(format.store_id).value_or(Uuid7{});
  if (auto made = Witness::create(data_dir, record); !made) return made;
  if (auto made = seal_directory(data_dir, format.store_id, sequence, tables); !made) return made;
  return write_format(data_dir, format);
}

Status make_copy(rocksdb::DB& db, const std::string& directory) {
  rocksdb::Checkpoint* raw = nullptr;
  auto tables = table_checksums(db);
  auto status = rocksdb::Checkpoint::Create(&db, &raw);
  const std::unique_ptr<rocksdb::Checkpoint> maker(raw);
  if (status.ok()) status = maker->CreateCheckpoint(database_dir(directory));
  if (!status.ok()) return Error{ErrorCode::unavailable, "the backup failed: " + status.ToString()};
  tables.merge(table_checksums(db));
  return finish_directory(directory, new_format(FormatFile::Stage::made), 0, tables);
}

Status copy_files(rocksdb::DB& db, const std::string& from, const std::string& directory) {
  const auto format = read_format(from);
  if (!format) return format.error();
  std::error_code error;
  fs::create_directory(database_dir(directory), error);
  if (error) return Error{ErrorCode::unavailable, "cannot make " + database_dir(directory) + ": " + error.message()};
  for (fs::directory_iterator entries(database_dir(from), error); !error && entries != fs::directory_iterator();
       entries.increment(error)) {
    const auto name = entries->path().filename().string();
    if (is_bookkeeping(name) || is_identity(name) || !entries->is_regular_file()) continue;
    if (auto copied = link_or_copy(entries->path(), fs::path(database_dir(directory)) / name); !copied) return copied;
  }
  if (error) return Error{ErrorCode::unavailable, "cannot look into " + database_dir(from) + ": " + error.message()};
  if (auto synced = sync_directory(database_dir(directory)); !synced) return synced;
  const bool has_id = *format && !(*format)->store_id.empty();
  if (has_id) {
    return finish_directory(directory, format_of_copy(**format), db.GetLatestSequenceNumber(), table_checksums(db));
  }
  // A store of version 1 has nothing beside its database. An earlier release accepts only its own FORMAT.
  const auto text = read_file(format_path(from));
  if (!text) return text.error();
  return write_durably(format_path(directory), *text);
}

}  // namespace triggers::store
