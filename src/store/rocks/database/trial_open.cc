#include "store/rocks/database/trial_open.h"

#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "inbox/record_codec.h"
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

/// What one inbox says of its entries, and what is there.
struct InboxCheck {
  InboxMeta says{};
  std::uint64_t pending = 0, dead = 0;
  std::uint64_t recorded = 0;      ///< Undelivered entries with a record in `entries`.
  std::uint64_t before_fresh = 0;  ///< Pending entries that are not behind the newest one that was leased.
  event::EventId newest_record{};
};

/// By the prefix of the entries.
using InboxChecks = std::map<std::string, InboxCheck, std::less<>>;

constexpr std::size_t id_bytes = 16;

/// False if a counter cannot be read.
bool read_counters(OpenForReading& database, InboxChecks& checks) {
  const auto iterator = database.iterator(Family::meta);
  for (iterator->Seek(std::string{layout::inbox_meta_prefix}); iterator->Valid(); iterator->Next()) {
    if (!view(iterator->key()).starts_with(layout::inbox_meta_prefix)) break;
    const auto meta = decode_inbox_meta(view(iterator->value()));
    if (!meta) return false;
    checks[std::string{view(iterator->key()).substr(layout::inbox_meta_prefix.size())}].says = *meta;
  }
  return iterator->status().ok();
}

/// Calls `take` for each key of a family of entries. False if one cannot be read.
template <class Take>
bool each_entry(OpenForReading& database, Family family, InboxChecks& checks, const Take& take) {
  const auto iterator = database.iterator(family);
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    const auto key = view(iterator->key());
    if (key.size() <= id_bytes) continue;
    const auto id = event::EventId::from_bytes(key.substr(key.size() - id_bytes));
    auto& check = checks[std::string{key.substr(0, key.size() - id_bytes)}];
    if (!take(check, id, view(iterator->value()))) return false;
  }
  return iterator->status().ok();
}

bool read_records(OpenForReading& database, InboxChecks& checks) {
  return each_entry(database, Family::entries, checks, [](InboxCheck& check, const auto& id, std::string_view value) {
    const auto record = inbox::decode_record(value);
    if (!record || !record->entry) return false;
    ++(record->entry->state == inbox::EntryState::dead ? check.dead : check.recorded);
    check.newest_record = std::max(check.newest_record, id);
    return true;
  });
}

bool read_pending(OpenForReading& database, InboxChecks& checks) {
  return each_entry(database, Family::pending, checks, [](InboxCheck& check, const auto& id, std::string_view) {
    ++check.pending;
    if (id <= std::max(check.newest_record, check.says.fresh_after)) ++check.before_fresh;
    return true;
  });
}

void check_counts(OpenForReading& database, std::size_t families, std::uint64_t count_max,
                  std::vector<std::string>& problems) {
  InboxChecks checks;
  if (!read_counters(database, checks)) {
    problems.emplace_back("the counters of the inboxes cannot be read");
    return;
  }
  std::uint64_t total = 0, dead = 0;
  for (const auto& [prefix, check] : checks) {
    total += check.says.count;
    dead += check.says.dead;
  }
  if (total + dead > count_max) return;
  const bool has_records = families > static_cast<std::size_t>(Family::entries);
  if (has_records && !read_records(database, checks)) {
    problems.emplace_back("leased, delayed and dead entries cannot be read");
  }
  if (!read_pending(database, checks)) problems.emplace_back("unacknowledged events cannot be read");
  std::uint64_t pending = 0, dead_there = 0;
  bool counts_agree = true, records_agree = true;
  for (const auto& [prefix, check] : checks) {
    pending += check.pending;
    dead_there += check.dead;
    counts_agree = counts_agree && check.pending == check.says.count && check.dead == check.says.dead;
    // A start takes every pending entry that is not behind the newest one for one with a record.
    records_agree = records_agree && check.before_fresh == check.recorded;
  }
  if (!counts_agree) {
    problems.push_back("the counters of the inboxes say " + std::to_string(total) + " unacknowledged events and " +
                       std::to_string(dead) + " dead ones, and " + std::to_string(pending) + " and " +
                       std::to_string(dead_there) + " are there");
  } else if (!records_agree) {
    problems.emplace_back("records of entries that were leased are missing");
  }
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
  check_counts(database, families, count_max, found.problems);
  return found;
}

}  // namespace triggers::store
