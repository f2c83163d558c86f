#include "store/rocks/repair/repair.h"

#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/utilities/write_batch_with_index.h>
#include <rocksdb/write_batch.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>

#include "store/rocks/database/database_copy.h"
#include "store/rocks/database/database_options.h"
#include "store/rocks/database/open_error.h"
#include "store/rocks/database/store_check.h"
#include "store/rocks/disk/directory_lock.h"
#include "store/rocks/disk/durable.h"
#include "store/rocks/disk/format_file.h"
#include "store/rocks/disk/log_check.h"
#include "store/rocks/disk/witness.h"
#include "store/rocks/repair/family_places.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& what) { return {ErrorCode::unavailable, "the repair failed: " + what}; }

bool ends_in(const fs::path& path, std::string_view extension) { return path.extension() == extension; }

/// Families whose entries are put once and removed with SingleDelete. It removes one put, so with two of them the older
/// one would come back.
constexpr bool is_put_once(Family family) {
  return family == Family::events || family == Family::pending || family == Family::acknowledged ||
         family == Family::expiry;
}

/// Repeats the operations of a batch in a log so that no entry of such a family exists twice. An entry that the batch
/// itself removes does not count.
class Replay final : public rocksdb::WriteBatch::Handler {
 public:
  Replay(rocksdb::DB& db, rocksdb::WriteBatchWithIndex& out, const std::vector<rocksdb::ColumnFamilyHandle*>& families)
      : db_(db), out_(out), families_(families) {}

  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    const auto place = place_of(family);
    if (!place) return rocksdb::Status::OK();
    if (is_put_once(static_cast<Family>(*place))) {
      // A log is kept until every family has its writes in tables, so a table may have this one.
      rocksdb::PinnableSlice there;
      const auto status = out_.GetFromBatchAndDB(&db_, {}, families_[*place], key, &there);
      if (!status.IsNotFound()) return status;
    }
    return out_.Put(families_[*place], key, value);
  }
  rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    const auto place = place_of(family);
    return place ? out_.Delete(families_[*place], key) : rocksdb::Status::OK();
  }
  rocksdb::Status SingleDeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    // Removes what two tables have, too: see copy_tables().
    return DeleteCF(family, key);
  }

 private:
  /// The tables have given the families the numbers that they had.
  [[nodiscard]] std::optional<std::size_t> place_of(std::uint32_t number) const {
    const auto found = std::ranges::find(families_, number, &rocksdb::ColumnFamilyHandle::GetID);
    if (found == families_.end()) return std::nullopt;
    return found - families_.begin();
  }

  rocksdb::DB& db_;
  rocksdb::WriteBatchWithIndex& out_;
  const std::vector<rocksdb::ColumnFamilyHandle*>& families_;
};

class Repair {
 public:
  Repair(const DatabaseConfig& config, std::string directory)
      : config_(config), from_(database_dir(config.data_dir)), directory_(std::move(directory)) {
    target_ = config;
    target_.data_dir = directory_;
  }
  Repair(const Repair&) = delete;
  Repair& operator=(const Repair&) = delete;
  ~Repair() {
    if (!db_) return;
    for (auto* const family : families_) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    db_->Close().PermitUncheckedError();
  }

  Status run(RepairReport& report) {
    if (auto copied = copy_tables(report); !copied) return copied;
    if (auto opened = open_tables(); !opened) return opened;
    if (auto replayed = replay_logs(report); !replayed) return replayed;
    if (auto rebuilt = rebuild(*db_, families_, report); !rebuilt) return rebuilt;
    return close();
  }

 private:
  /// Takes the tables that are whole. Only the manifest knew which of them belong to the store. An old one may bring
  /// removed entries back; rebuild() removes them again.
  Status copy_tables(RepairReport& report) {
    std::error_code error;
    fs::create_directories(database_dir(directory_), error);
    for (const auto& entry : fs::directory_iterator(from_, error)) {
      if (!ends_in(entry.path(), ".sst")) continue;
      const std::string name = entry.path().filename().string();
      rocksdb::SstFileReader reader({});
      auto status = reader.Open(entry.path().string());
      if (status.ok()) status = reader.VerifyChecksum();
      if (!status.ok()) {
        report.losses.push_back("db/" + name + " is left out: " + status.ToString());
        continue;
      }
      const fs::path to = fs::path(database_dir(directory_)) / name;
      std::error_code no_link;
      fs::create_hard_link(entry.path(), to, no_link);
      if (no_link) fs::copy_file(entry.path(), to, error);
      if (error) return failed("cannot copy " + entry.path().string() + ": " + error.message());
    }
    if (error) return failed("cannot look into " + from_ + ": " + error.message());
    return Done{};
  }

  Status open_tables() {
    const auto cache = new_cache(config_);
    auto options = database_options(target_, cache);
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    const auto descriptors = family_descriptors(target_, cache);
    if (auto added = add_missing_family_tables(target_, directory_); !added) return added;
    auto status = rocksdb::RepairDB(database_dir(directory_), options, descriptors);
    rocksdb::DB* db = nullptr;
    if (status.ok()) status = rocksdb::DB::Open(options, database_dir(directory_), descriptors, &families_, &db);
    if (!status.ok()) return failed(status.ToString());
    db_.reset(db);
    return remove_added_entries(*db_, families_);
  }

  /// Replays the logs in the order of their writes' numbers, each number once: of two copies of a log, one is replayed.
  Status replay_logs(RepairReport& report) {
    const auto logs = scan_logs(from_);
    if (!logs) return logs.error();
    std::multimap<std::uint64_t, const LogScan*> in_order;
    for (const auto& log : *logs) {
      if (log.damage) {
        report.losses.push_back("db/" + log.name + " cannot be read at byte " + std::to_string(*log.damage));
      } else if (log.torn_bytes() > 0) {
        report.losses.push_back("db/" + log.name + " ends in " + std::to_string(log.torn_bytes()) +
                                " bytes that cannot be read");
      }
      std::optional<std::uint64_t> first;
      auto read = each_batch(from_ + "/" + log.name, [&](std::string_view batch) {
        const auto numbers = batch_numbers(batch);
        if (!first && numbers) first = numbers->sequence;
      });
      if (!read) return read;
      if (first) in_order.emplace(*first, &log);
    }
    std::uint64_t next = 0;
    for (const auto& [first, log] : in_order) {
      const auto left_out = replay(from_ + "/" + log->name, next);
      if (!left_out) return left_out.error();
      if (*left_out == 0) continue;
      report.losses.push_back(std::to_string(*left_out) + " batches of db/" + log->name +
                              " are left out: another log has writes with the same numbers");
    }
    return Done{};
  }

  /// Skips the writes before number `next`, and sets `next` to the number after the last one. Returns how many batches
  /// were skipped.
  Result<std::uint64_t> replay(const std::string& path, std::uint64_t& next) {
    rocksdb::Status status;
    std::uint64_t left_out = 0;
    auto read = each_batch(path, [&](std::string_view bytes) {
      const auto numbers = batch_numbers(bytes);
      if (!numbers || numbers->count == 0) return;
      if (numbers->sequence < next) {
        ++left_out;
        return;
      }
      next = numbers->sequence + numbers->count;
      rocksdb::WriteBatchWithIndex out;
      Replay again(*db_, out, families_);
      const rocksdb::WriteBatch batch{std::string{bytes}};
      if (status.ok()) status = batch.Iterate(&again);
      rocksdb::WriteOptions options;
      options.disableWAL = true;  // The store is synced at the end, or discarded.
      if (status.ok()) status = db_->Write(options, out.GetWriteBatch());
    });
    if (!read) return std::move(read).error();
    if (!status.ok()) return failed(status.ToString());
    return left_out;
  }

  Status close() {
    auto status = db_->Flush({}, families_);
    const auto sequence = db_->GetLatestSequenceNumber();
    for (auto* const family : families_) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    if (status.ok()) status = db_->Close();
    db_.reset();
    if (!status.ok()) return failed(status.ToString());
    return finish_directory(directory_, new_format(FormatFile::Stage::made), sequence, {});
  }

  const DatabaseConfig& config_;
  const std::string from_;
  const std::string directory_;
  DatabaseConfig target_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

/// What is wrong with the store; `invalid_argument` if nothing is.
Result<std::vector<std::string>> find_damage(const DatabaseConfig& config) {
  if (auto readable = expect_readable(config.data_dir); !readable) return std::move(readable).error();
  const auto format = read_format(config.data_dir);
  std::vector<std::string> problems;
  if (!format) problems.push_back(format.error().message);
  if (format && !*format) problems.emplace_back("FORMAT is missing");
  const auto assumed = problems.empty() ? **format : guessed_format(config.data_dir);
  for (auto& text : store_problems(config, assumed)) problems.push_back(std::move(text));
  if (!problems.empty()) return problems;
  return Error{ErrorCode::invalid_argument,
               "the store in " + config.data_dir + " is whole: there is nothing to repair"};
}

/// RocksDB says only that it could not write.
bool is_full(const std::string& directory) {
  constexpr std::uintmax_t least_bytes = std::uintmax_t{1024} * 1024;
  std::error_code error;
  const auto space = fs::space(directory, error);
  return !error && space.available < least_bytes;
}

}  // namespace

Result<RepairReport> repair_store(const DatabaseConfig& config, const std::string& into) {
  std::error_code error;
  if (!fs::exists(database_dir(config.data_dir), error)) {
    return Error{ErrorCode::not_found, "there is no store in " + config.data_dir + ": it has no db/"};
  }
  if (fs::exists(into, error)) {
    return Error{ErrorCode::invalid_argument, into + " exists: name a directory that does not"};
  }
  const auto lock = DirectoryLock::take(config.data_dir);
  if (!lock) return lock.error();
  if (auto alone = expect_nobody_else(config); !alone) return std::move(alone).error();
  if (auto known = expect_known_version(config.data_dir); !known) return std::move(known).error();
  auto damage = find_damage(config);
  if (!damage) return std::move(damage).error();
  RepairReport report;
  report.losses = std::move(*damage);

  std::string partial = into + ".partial.XXXXXX";
  if (mkdtemp(partial.data()) == nullptr) return failed("cannot make " + partial + ": " + std::strerror(errno));
  auto done = Repair(config, partial).run(report);
  if (done) fs::rename(partial, into, error);
  if (done && error) done = failed("cannot rename " + partial + ": " + error.message());
  if (done) done = sync_parent(into);
  if (done) return report;
  auto failure = std::move(done).error();
  if (is_full(partial)) {
    failure.message += ". The file system of " + into + " is full: make room there, or name a directory on another one";
  }
  fs::remove_all(partial, error);
  return failure;
}

}  // namespace triggers::store
