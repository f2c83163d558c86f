#include "store/rocks/database/store_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "log/log.h"
#include "store/rocks/database/database_options.h"
#include "store/rocks/database/manifest_check.h"
#include "store/rocks/database/trial_open.h"
#include "store/rocks/disk/durable.h"
#include "store/rocks/disk/inventory.h"
#include "store/rocks/disk/log_check.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view manifest_prefix = "MANIFEST-";

/// Collects every problem, so that an operator sees all of them at once.
class Check {
 public:
  Check(const DatabaseConfig& config, const FormatFile& format) : config_(config), format_(format) {}

  void run() {
    read_manifest();
    read_logs();
    const bool can_be_opened = problems_.empty() && !is_guessed();
    const auto inventory = Inventory::read(config_.data_dir);
    if (inventory) expect_id(inventory->store_id, "INVENTORY");
    if (inventory && inventory->closed) {
      expect_files(*inventory);
      if (format_.version > 1) expect_nothing_newer(*inventory);
      now_.sequence = inventory->sequence;
    } else {
      if (inventory) expect_files(*inventory);
      if (inventory) begun_ = inventory->sequence;
      if (format_.version > 1) expect_witness();
      const auto repeated = repeated_writes(logs_);
      for (const auto& text : repeated) add(text);
      if (can_be_opened && repeated.empty()) {
        open_for_trial();
      } else {
        check_tables_alone();
      }
    }
    now_.store_id = Uuid7::parse(format_.store_id).value_or(Uuid7{});
  }

  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] const WitnessRecord& now() const { return now_; }

  void tell_torn() const {
    for (const auto& log : logs_) {
      if (log.torn_bytes() == 0 || log.number < oldest_log_) continue;
      log::warning("log_tail_dropped",
                   {{"log", log.name},
                    {"bytes", log.torn_bytes()},
                    {"batches", 1},
                    {"kept_batches", log.batches},
                    {"message", "the end of a write that was never answered, as a crash leaves it"}});
    }
  }

 private:
  /// Several checks may find the same.
  void add(std::string problem) {
    if (std::ranges::find(problems_, problem) == problems_.end()) problems_.push_back(std::move(problem));
  }

  /// Of a store whose FORMAT cannot be read: see guessed_format().
  [[nodiscard]] bool is_guessed() const { return format_.version > 1 && format_.store_id.empty(); }

  void expect_id(const std::string& id, const std::string& name) {
    if (id != format_.store_id && !is_guessed()) problems_.push_back(name + " belongs to another store than FORMAT");
  }

  void read_manifest() {
    const auto current = read_file(database_dir(config_.data_dir) + "/CURRENT");
    if (!current) {
      problems_.push_back(current.error().code == ErrorCode::not_found ? "db/CURRENT is missing"
                                                                       : current.error().message);
      return;
    }
    const std::string name = current->substr(0, current->find('\n'));
    if (!name.starts_with(manifest_prefix) || current->size() != name.size() + 1) {
      problems_.emplace_back("db/CURRENT does not name a manifest");
      return;
    }
    auto scan = scan_log(database_dir(config_.data_dir) + "/" + name);
    if (!scan) {
      problems_.push_back("db/" + name + ", which db/CURRENT names, is missing or cannot be read");
      return;
    }
    manifest_ = std::move(*scan);
    now_.manifest = {manifest_.number, manifest_.bytes};
    // Its last record may be cut off: that change was never made.
    if (manifest_.damage) unreadable(manifest_);
  }

  void read_logs() {
    auto logs = scan_logs(database_dir(config_.data_dir));
    if (!logs) {
      problems_.push_back(logs.error().message);
      return;
    }
    logs_ = std::move(*logs);
    for (const auto& log : logs_) {
      if (log.damage) unreadable(log);
      now_.logs.push_back({log.number, log.whole});
    }
  }

  void unreadable(const LogScan& file) {
    problems_.push_back("db/" + file.name + " cannot be read from byte " + std::to_string(*file.damage) +
                        " on, and has batches behind it; " + std::to_string(file.batches) + " before it can be read");
  }

  void expect_files(const Inventory& inventory) {
    for (auto& text : differences(inventory, config_.data_dir, table_check_bytes_max, inventory.closed)) {
      add(std::move(text));
    }
  }

  /// At a clean stop the inventory is written behind the witness.
  void expect_nothing_newer(const Inventory& inventory) {
    const auto witness = Witness::read(config_.data_dir);
    if (!witness) return;  // The inventory says more.
    expect_id(witness->store_id.text(), "WITNESS");
    if (witness->sequence <= inventory.sequence) return;
    problems_.push_back("WITNESS says that write " + std::to_string(witness->sequence) +
                        " was answered, and INVENTORY ends with write " + std::to_string(inventory.sequence) +
                        ": some files are of an older copy");
  }

  void expect_witness() {
    auto witness = Witness::read(config_.data_dir);
    if (!witness) {
      problems_.push_back(witness.error().code == ErrorCode::not_found ? "WITNESS is missing"
                                                                       : witness.error().message);
      return;
    }
    witness_ = std::move(*witness);
    expect_id(witness_.store_id.text(), "WITNESS");
    if (witness_.sequence < begun_) {
      problems_.push_back("WITNESS ends with write " + std::to_string(witness_.sequence) +
                          ", and INVENTORY was written at write " + std::to_string(begun_) +
                          ": some files are of an older copy");
    }
    const SyncedFile& manifest = witness_.manifest;
    if (manifest_.name.empty()) {
      expect_named_manifest(manifest.number);
    } else if (manifest_.number < manifest.number) {
      problems_.push_back("db/CURRENT names " + manifest_.name + ", and db/MANIFEST with the number " +
                          std::to_string(manifest.number) + " was in use");
    } else if (manifest_.number == manifest.number && manifest_.whole < manifest.bytes) {
      too_short(manifest_, manifest.bytes);
    }
  }

  /// CURRENT does not name a manifest that can be read.
  void expect_named_manifest(std::uint64_t number) {
    const auto newest = newest_manifest(config_.data_dir);
    const auto scan = newest ? scan_log(database_dir(config_.data_dir) + "/" + *newest) : Result<LogScan>{LogScan{}};
    if (scan && scan->number >= number) return;
    add("db/MANIFEST with the number " + std::to_string(number) + ", which WITNESS names, is missing");
  }

  /// Where the logs or CURRENT are damaged, the database cannot be opened as a start would. Its manifest may still say
  /// which tables and logs there must be.
  void check_tables_alone() {
    const auto manifest = manifest_.name.empty() ? newest_manifest(config_.data_dir) : manifest_.name;
    if (!manifest) {
      add("db/ has no MANIFEST: which tables belong to the store is not known");
      return expect_logs(0);
    }
    const auto found = check_manifest(config_, *manifest);
    if (!found) {
      if (!manifest_.damage) add("db/" + *manifest + ": " + found.error().message);
      return expect_logs(0);
    }
    for (const auto& text : found->problems) add(text);
    expect_logs(found->oldest_log);
    expect_some_log(found->oldest_log);
  }

  void too_short(const LogScan& file, std::uint64_t bytes) {
    problems_.push_back("db/" + file.name + " can be read up to byte " + std::to_string(file.whole) + " (" +
                        std::to_string(file.batches) + " batches), and was synced up to byte " + std::to_string(bytes));
  }

  void open_for_trial() {
    const auto limit = format_.version > 1 ? counted_max : std::numeric_limits<std::uint64_t>::max();
    const auto found = store::open_for_trial(config_, families_of(format_), limit);
    if (!found) {
      problems_.push_back(found.error().message);
      check_tables_alone();
      return;
    }
    for (const auto& text : found->problems) add(text);
    oldest_log_ = found->oldest_log;
    expect_logs(found->oldest_log);
    expect_some_log(found->oldest_log);
    const auto missing = missing_writes(logs_, found->oldest_log);
    problems_.insert(problems_.end(), missing.begin(), missing.end());
    const auto answered = std::max(witness_.sequence, begun_);
    if (found->sequence < answered && problems_.empty()) {
      problems_.push_back("the newest write that can be read is number " + std::to_string(found->sequence) +
                          ", and number " + std::to_string(answered) + " was answered");
    }
    now_.sequence = found->sequence;
  }

  /// RocksDB always has a log that it writes to, and a store of version 1 has no witness that names it. A backup may
  /// have none: it is known by its missing IDENTITY.
  void expect_some_log(std::uint64_t oldest_log) {
    const auto is_needed = [&](const LogScan& log) { return log.number >= oldest_log; };
    if (format_.version > 1 || std::ranges::any_of(logs_, is_needed)) return;
    if (!fs::exists(database_dir(config_.data_dir) + "/IDENTITY")) return;
    problems_.push_back("no write-ahead log with the number " + std::to_string(oldest_log) +
                        " or a higher one is in db/: the live one is missing");
  }

  /// A log before `oldest_log` may have been removed since: everything in it is in tables.
  void expect_logs(std::uint64_t oldest_log) {
    for (const auto& log : witness_.logs) {
      if (log.number < oldest_log || log.bytes == 0) continue;
      const auto found = std::ranges::find(logs_, log.number, &LogScan::number);
      if (found == logs_.end()) {
        problems_.push_back("the write-ahead log with the number " + std::to_string(log.number) +
                            " is missing in db/, with " + std::to_string(log.bytes) + " bytes that were answered for");
      } else if (found->whole < log.bytes) {
        too_short(*found, log.bytes);
      }
    }
  }

  const DatabaseConfig& config_;
  const FormatFile& format_;
  std::vector<std::string> problems_;
  LogScan manifest_;
  std::vector<LogScan> logs_;
  std::uint64_t oldest_log_ = 0;
  std::uint64_t begun_ = 0;  ///< The last write when the run began that was not stopped; 0: not known.
  WitnessRecord witness_;
  WitnessRecord now_;
};

/// For a person who has to decide.
std::string what_can_be_read(const std::string& data_dir) {
  std::size_t tables = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(database_dir(data_dir), error)) {
    if (entry.path().extension() == ".sst") ++tables;
  }
  std::uint64_t batches = 0;
  std::size_t logs = 0;
  if (const auto scans = scan_logs(database_dir(data_dir))) {
    logs = scans->size();
    for (const auto& scan : *scans) batches += scan.batches;
  }
  return std::to_string(tables) + " table files and " + std::to_string(logs) + " logs with " + std::to_string(batches) +
         " readable batches are there";
}

}  // namespace

std::size_t families_of(const FormatFile& format) noexcept {
  const bool has_all = format.version >= 3 && format.stage != FormatFile::Stage::migrating;
  return has_all ? family_count : family_count_before_3;
}

Error damaged(const std::string& data_dir, const std::vector<std::string>& problems) {
  std::string text;
  for (const auto& problem : problems) text += (text.empty() ? "" : "; ") + problem;
  return {ErrorCode::unavailable, "the store in " + data_dir + " is damaged and was not opened; nothing was changed (" +
                                      text + "). " + what_can_be_read(data_dir) +
                                      ". Restore a backup, or have `triggers repair --data-dir " + data_dir +
                                      " --into NEW_DIRECTORY` make a new store of what can be read"};
}

FormatFile guessed_format(const std::string& data_dir) {
  // A store of version 1 has neither of the two.
  const bool has_more = Witness::read(data_dir) || Inventory::read(data_dir);
  return {.version = has_more ? layout::format_version : 1, .store_id = {}, .stage = FormatFile::Stage::made};
}

Status expect_readable(const std::string& data_dir) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (const std::string& directory : {data_dir, database_dir(data_dir)}) {
    paths.emplace_back(directory);
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      const std::string name = entry.path().filename().string();
      const bool is_checked = name != "LOCK" && !name.starts_with("LOG");
      if (is_checked && entry.is_regular_file(error)) paths.push_back(entry.path());
    }
  }
  for (const auto& path : paths) {
    if (faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0 || errno != EACCES) continue;
    return Error{ErrorCode::unavailable,
                 "this user may not read " + path.string() +
                     ": run the command as the user who owns the store, or give that user the file (chown)"};
  }
  return Done{};
}

std::vector<std::string> store_problems(const DatabaseConfig& config, const FormatFile& format) {
  Check check(config, format);
  check.run();
  return check.problems();
}

Result<WitnessRecord> check_store(const DatabaseConfig& config, const FormatFile& format) {
  if (auto readable = expect_readable(config.data_dir); !readable) return std::move(readable).error();
  Check check(config, format);
  check.run();
  if (!check.problems().empty()) return damaged(config.data_dir, check.problems());
  check.tell_torn();
  return check.now();
}

}  // namespace triggers::store
