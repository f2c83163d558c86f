#include "store/rocks/database/trial_open.h"

#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "store/rocks/database/database_options.h"
#include "store/rocks/disk/durable.h"
#include "store/rocks/format/inbox_meta.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

class OpenForReading {
 public:
  OpenForReading(const DatabaseConfig& config, std::size_t families) {
    const auto cache = new_cache(config);
    rocksdb::DB* db = nullptr;
    status_ = rocksdb::DB::OpenForReadOnly(reading_options(config, cache), database_dir(config.data_dir),
                                           family_descriptors(config, cache, families), &families_, &db);
    db_.reset(db);
  }
  OpenForReading(const OpenForReading&) = delete;
  OpenForReading& operator=(const OpenForReading&) = delete;
  ~OpenForReading() {
    for (auto* const family : families_) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }

  [[nodiscard]] const rocksdb::Status& status() const { return status_; }
  [[nodiscard]] rocksdb::DB& db() { return *db_; }
  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterator(Family family) {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, families_[static_cast<std::size_t>(family)]));
  }

 private:
  rocksdb::Status status_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

/// Empty if the table is whole.
std::string table_problem(const DatabaseConfig& config, const rocksdb::LiveFileMetaData& table) {
  const std::string path = database_dir(config.data_dir) + table.name;
  if (table.file_checksum_func_name == rocksdb::kUnknownFileChecksumFuncName) {
    // An earlier release wrote it without a checksum of the whole file; its blocks have theirs.
    rocksdb::SstFileReader reader({});
    auto status = reader.Open(path);
    if (status.ok()) status = reader.VerifyChecksum();
    return status.ok() ? std::string{} : "db" + table.name + ": " + status.ToString();
  }
  const auto checksum = file_checksum(path);
  if (!checksum) return checksum.error().message;
  return *checksum == to_hex(table.file_checksum) ? std::string{}
                                                  : "db" + table.name + " has other bytes than were written";
}

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

/// The counter of each inbox, by the prefix of its entries; nothing if one cannot be read.
std::optional<Counts> counters(OpenForReading& database) {
  Counts counts;
  const auto iterator = database.iterator(Family::meta);
  for (iterator->Seek(std::string{layout::inbox_meta_prefix}); iterator->Valid(); iterator->Next()) {
    if (!view(iterator->key()).starts_with(layout::inbox_meta_prefix)) break;
    const auto meta = decode_inbox_meta(view(iterator->value()));
    if (!meta) return std::nullopt;
    counts[std::string{view(iterator->key()).substr(layout::inbox_meta_prefix.size())}] = meta->count;
  }
  if (!iterator->status().ok()) return std::nullopt;
  return counts;
}

void check_counts(OpenForReading& database, std::uint64_t count_max, std::vector<std::string>& problems) {
  const auto counted = counters(database);
  if (!counted) {
    problems.emplace_back("the counters of the inboxes cannot be read");
    return;
  }
  std::uint64_t total = 0;
  for (const auto& [inbox, count] : *counted) total += count;
  if (total > count_max) return;
  constexpr std::size_t id_bytes = 16;
  Counts found;
  const auto iterator = database.iterator(Family::pending);
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    const auto key = view(iterator->key());
    if (key.size() <= id_bytes) continue;
    ++found[std::string{key.substr(0, key.size() - id_bytes)}];
  }
  if (!iterator->status().ok())
    problems.push_back("unacknowledged events cannot be read: " + iterator->status().ToString());
  Counts expected;
  for (const auto& [inbox, count] : *counted) {
    if (count > 0) expected.emplace(inbox, count);
  }
  if (expected == found) return;
  std::uint64_t there = 0;
  for (const auto& [inbox, count] : found) there += count;
  problems.push_back("the counters of the inboxes say " + std::to_string(total) + " unacknowledged events, and " +
                     std::to_string(there) + " are there");
}

}  // namespace

void check_tables(const DatabaseConfig& config, rocksdb::DB& db, std::vector<std::string>& problems) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  db.GetLiveFilesMetaData(&tables);
  std::ranges::sort(tables, std::greater{}, &rocksdb::LiveFileMetaData::file_number);
  std::uint64_t left = table_check_bytes_max;
  for (const auto& table : tables) {
    if (table.size > left) continue;
    left -= table.size;
    if (auto text = table_problem(config, table); !text.empty()) problems.push_back(std::move(text));
  }
}

Result<TrialOpen> open_for_trial(const DatabaseConfig& config, std::size_t families, std::uint64_t count_max) {
  OpenForReading database(config, families);
  if (!database.status().ok()) return Error{ErrorCode::unavailable, database.status().ToString()};
  TrialOpen found;
  found.sequence = database.db().GetLatestSequenceNumber();
  std::uint64_t oldest_log = 0;
  if (database.db().GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &oldest_log)) {
    found.oldest_log = oldest_log;
  }
  check_tables(config, database.db(), found.problems);
  check_counts(database, count_max, found.problems);
  return found;
}

}  // namespace triggers::store
