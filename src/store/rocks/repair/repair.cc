#include "store/rocks/repair/repair.h"

#include <rocksdb/db.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "store/rocks/database/database_copy.h"
#include "store/rocks/database/database_options.h"
#include "store/rocks/database/open_error.h"
#include "store/rocks/database/store_check.h"
#include "store/rocks/disk/directory_lock.h"
#include "store/rocks/disk/durable.h"
#include "store/rocks/disk/format_file.h"
#include "store/rocks/disk/manifest.h"
#include "store/rocks/disk/witness.h"
#include "store/rocks/repair/found_tables.h"
#include "store/rocks/repair/log_replay.h"
#include "store/rocks/repair/table_choice.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& what) { return {ErrorCode::unavailable, "the repair failed: " + what}; }

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
    const auto found = find_tables(from_, report.losses);
    if (!found) return found.error();
    auto choice = choose_tables(target_, from_, *found);
    if (!choice) return std::move(choice).error();
    report.losses.insert(report.losses.end(), choice->left_out.begin(), choice->left_out.end());
    if (auto opened = open_tables(choice->manifest); !opened) return opened;
    if (auto replayed = replay_logs(*db_, families_, *choice, from_, report.losses); !replayed) return replayed;
    if (auto merged = merge_tables(*choice); !merged) return merged;
    tell_of_keys(*choice, report);
    if (auto rebuilt = rebuild(*db_, families_, report); !rebuilt) return rebuilt;
    return close();
  }

 private:
  Status copy_tables(const Manifest& manifest) {
    std::error_code error;
    fs::create_directories(database_dir(directory_), error);
    for (const auto& [family, entry] : manifest.families) {
      for (const auto& [table, described] : entry.tables) {
        const std::string to = table_path(database_dir(directory_), table);
        std::error_code no_link;
        fs::create_hard_link(table_path(from_, table), to, no_link);
        if (no_link) fs::copy_file(table_path(from_, table), to, error);
        if (error) return failed("cannot copy " + table_path(from_, table) + ": " + error.message());
      }
    }
    return error ? failed("cannot make " + directory_ + ": " + error.message()) : Status{Done{}};
  }

  Status open_tables(const Manifest& manifest) {
    if (auto copied = copy_tables(manifest); !copied) return copied;
    if (auto written = write_manifest(database_dir(directory_), manifest); !written) return written;
    const auto cache = new_cache(config_);
    auto options = database_options(target_, cache);
    options.create_missing_column_families = true;
    rocksdb::DB* db = nullptr;
    const auto status =
        rocksdb::DB::Open(options, database_dir(directory_), family_descriptors(target_, cache), &families_, &db);
    if (!status.ok()) return failed(status.ToString());
    db_.reset(db);
    return Done{};
  }

  /// Where tables repeat each other's writes, an entry may have been put twice, and SingleDelete removes one put.
  Status merge_tables(const TableChoice& choice) {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    for (auto* const family : families_) {
      if (!choice.overlapping.contains(family->GetID())) continue;
      const auto status = db_->CompactRange(options, family, nullptr, nullptr);
      if (!status.ok()) return failed(status.ToString());
    }
    return Done{};
  }

  /// A revoked API key is valid again if the write that revoked it is lost, or an older one is taken for the newest.
  static void tell_of_keys(const TableChoice& choice, RepairReport& report) {
    report.losses.emplace_back(
        std::string{choice.is_told ? "" : "no whole manifest tells which tables are the newest; "} +
        "if a revocation of an API key is among what is lost, the key is valid again: check every key that was "
        "revoked, "
        "with `triggers keys list`");
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
  DatabaseConfig only_read = config;  // A failing disk may be one that cannot be written to.
  only_read.access = Access::read;
  if (auto alone = expect_nobody_else(only_read); !alone) return std::move(alone).error();
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
