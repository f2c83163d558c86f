#include "store/rocks/database.h"

#include <fcntl.h>
#include <pwd.h>
#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/write_buffer_manager.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/rocks/dedup_entry.h"
#include "store/rocks/failure_listener.h"
#include "store/rocks/hashed_memtable.h"
#include "store/rocks/layout.h"
#include "store/rocks/log_check.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, family_count> family_names = {"default", "events", "pending",     "delivered",
                                                                     "expiry",  "dedup",  "idempotency", "keys"};
constexpr std::string_view format_name = "triggers-embedded";
constexpr std::size_t mebibyte = 1024 * 1024;
constexpr std::size_t window_entry_bytes = 100;  ///< About what an entry of a window's family takes in a memtable.

std::string database_dir(const std::string& data_dir) { return data_dir + "/db"; }
std::string format_path(const std::string& data_dir) { return data_dir + "/FORMAT"; }

rocksdb::BlockBasedTableOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache, std::size_t block_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = block_bytes;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  // Index and filter blocks count against the one memory budget; those of the newest files stay in it.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  return table;
}

rocksdb::ColumnFamilyOptions base_options(const std::shared_ptr<rocksdb::Cache>& cache, std::size_t write_buffer_bytes,
                                          std::size_t block_bytes) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = write_buffer_bytes;
  options.arena_block_size = std::min<std::size_t>(write_buffer_bytes / 8, mebibyte);
  options.max_write_buffer_number = 3;
  options.compression = rocksdb::kLZ4Compression;
  options.level_compaction_dynamic_level_bytes = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(cache, block_bytes)));
  return options;
}

/// Where an entry of a window's family has the id that decides when it is past the window.
enum class NewestId : std::uint8_t {
  first,     ///< `idempotency`: the only one.
  of_dedup,  ///< `dedup`: the newest of a DedupEntry.
};

/// Drops the entries that are past their window. Each entry's own id decides, not the age of its file: a file that FIFO
/// compaction in RocksDB 7.8 has merged counts as as old as its oldest entry, so what was written a moment ago would be
/// dropped together with what had waited in a memtable for longer than the window.
class WindowFilter final : public rocksdb::CompactionFilter {
 public:
  WindowFilter(std::chrono::seconds window, NewestId newest, const Clock& clock)
      : window_(window), newest_(newest), clock_(clock) {}

  [[nodiscard]] const char* Name() const override { return "triggers.window"; }
  bool Filter(int /*level*/, const rocksdb::Slice& /*key*/, const rocksdb::Slice& value, std::string* /*new_value*/,
              bool* /*value_changed*/) const override {
    const auto id = newest_id({value.data(), value.size()});
    return id && clock_.now() - id->time() >= window_ + margin;
  }

 private:
  /// A clock that is set back a little brings entries back into the window.
  static constexpr std::chrono::seconds margin{60};

  [[nodiscard]] std::optional<EventId> newest_id(std::string_view value) const {
    if (newest_ == NewestId::of_dedup) return newest_of_dedup(value);
    constexpr std::size_t id_bytes = 16;
    if (value.size() < id_bytes) return std::nullopt;
    return EventId::from_bytes(value.substr(0, id_bytes));
  }

  const std::chrono::seconds window_;
  const NewestId newest_;
  const Clock& clock_;
};

class WindowFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  WindowFilterFactory(std::chrono::seconds window, NewestId newest, const Clock& clock)
      : window_(window), newest_(newest), clock_(clock) {}

  [[nodiscard]] const char* Name() const override { return "triggers.window"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& /*context*/) override {
    return std::make_unique<WindowFilter>(window_, newest_, clock_);
  }

 private:
  const std::chrono::seconds window_;
  const NewestId newest_;
  const Clock& clock_;
};

/// Entries that only matter for a while and are looked up by a random key.
rocksdb::ColumnFamilyOptions window_options(const std::shared_ptr<rocksdb::Cache>& cache,
                                            std::size_t write_buffer_bytes, std::chrono::seconds window,
                                            NewestId newest, const Clock& clock) {
  auto options = base_options(cache, write_buffer_bytes, 4096);
  options.compression = rocksdb::kNoCompression;
  // Keys in no order meet every level: merging a few sorted runs rewrites each entry much less often than levels do.
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  options.compaction_filter_factory = std::make_shared<WindowFilterFactory>(window, newest, clock);
  // Every file is compacted, and so filtered, once in this time, also when nothing new comes.
  options.periodic_compaction_seconds = std::max<std::uint64_t>(static_cast<std::uint64_t>(window.count()), 3600);
  options.memtable_factory = make_hashed_memtable(write_buffer_bytes / window_entry_bytes);
  return options;
}

rocksdb::ColumnFamilyOptions family_options(Family family, const DatabaseConfig& config,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  switch (family) {
    case Family::events: return base_options(cache, 32 * mebibyte, 16 * 1024);
    case Family::pending: {
      auto options = base_options(cache, 16 * mebibyte, 8 * 1024);
      // A file that is mostly acknowledgements is compacted soon, so that a page does not walk over them.
      options.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048));
      return options;
    }
    case Family::delivered: return base_options(cache, 8 * mebibyte, 4096);
    case Family::expiry: {
      auto options = base_options(cache, 8 * mebibyte, 8 * 1024);
      options.table_properties_collector_factories.push_back(
          rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048));  // For the sweep, as above.
      return options;
    }
    case Family::dedup:
      return window_options(cache, 16 * mebibyte, config.dedup_window, NewestId::of_dedup, *config.clock);
    case Family::idempotency:
      return window_options(cache, 8 * mebibyte, config.idempotency_window, NewestId::first, *config.clock);
    case Family::meta:
    case Family::keys: return base_options(cache, 2 * mebibyte, 4096);
  }
  INVARIANT(false);
}

rocksdb::DBOptions database_options(const DatabaseConfig& config, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::DBOptions options;
  if (config.env != nullptr) options.env = config.env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // A crash tears at most the last, unsynced batch. A gap in logs that were synced is refused, not skipped.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.track_and_verify_wals_in_manifest = true;
  options.max_total_wal_size = 96 * mebibyte;  // Bounds the replay, and so the time to start.
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(config.memory_bytes / 2, cache);
  options.max_background_jobs = 2;
  options.bytes_per_sync = mebibyte;
  options.max_open_files = -1;
  options.skip_stats_update_on_db_open = true;
  options.max_bgerror_resume_count = 0;  // After a failure an operator restarts us; see Database::write.
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4 * mebibyte;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.avoid_unnecessary_blocking_io = true;
  options.allow_concurrent_memtable_write = false;  // The committer is the one writer; HashedMemtable needs it so.
  return options;
}

Status write_file_durably(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wx");
  if (file == nullptr) return Error{ErrorCode::unavailable, "cannot write " + path + ": " + std::strerror(errno)};
  bool good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  good = std::fflush(file) == 0 && fsync(fileno(file)) == 0 && good;
  good = std::fclose(file) == 0 && good;
  if (!good) return Error{ErrorCode::unavailable, "cannot write " + path + ": " + std::strerror(errno)};
  return Done{};
}

/// A new name in a directory is durable once the directory is synced.
Status sync_directory(const fs::path& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool good = directory >= 0 && fsync(directory) == 0;
  const int cause = errno;
  if (directory >= 0) close(directory);
  if (!good) return Error{ErrorCode::unavailable, "cannot sync " + path.string() + ": " + std::strerror(cause)};
  return Done{};
}

Status sync_parent(const std::string& path) {
  const auto parent = fs::absolute(path).lexically_normal().parent_path();
  return sync_directory(parent);
}

/// Whole or not there at all, whenever the machine stops.
Status write_format(const std::string& data_dir) {
  // A server and a command may both find that there is no store yet: each has a file of its own, and the same text.
  const std::string partial = format_path(data_dir) + ".partial." + std::to_string(getpid());
  std::error_code error;
  fs::remove(partial, error);
  const std::string text = std::string{format_name} + " " + std::to_string(layout::format_version) + "\n";
  if (auto written = write_file_durably(partial, text); !written) return written;
  fs::rename(partial, format_path(data_dir), error);
  if (error) return Error{ErrorCode::unavailable, "cannot write " + format_path(data_dir) + ": " + error.message()};
  return sync_directory(data_dir);
}

/// As sudo takes it.
std::string user_name(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> texts{};
  if (getpwuid_r(user, &entry, texts.data(), texts.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return "'#" + std::to_string(user) + "'";
}

/// What root writes into another user's store is root's, and keeps that user's server from opening it. Other users are
/// kept out by the system.
Status check_owner(const std::string& data_dir) {
  if (geteuid() != 0) return Done{};
  struct stat found{};
  if (stat(database_dir(data_dir).c_str(), &found) != 0 && stat(data_dir.c_str(), &found) != 0) return Done{};
  if (found.st_uid == 0) return Done{};
  const std::string owner = user_name(found.st_uid);
  return Error{ErrorCode::invalid_argument, "the store in " + data_dir + " belongs to the user " + owner +
                                                ": run this as that user (sudo -u " + owner + " …)"};
}

Status check_format(const std::string& data_dir) {
  std::ifstream file(format_path(data_dir));
  if (!file) {
    return Error{ErrorCode::unavailable, "cannot read " + format_path(data_dir) + ": " + std::strerror(errno)};
  }
  std::string name;
  std::string version;
  file >> name >> version;
  if (name != format_name) {
    return Error{ErrorCode::invalid_argument,
                 format_path(data_dir) + " does not name a store of this program: choose another data directory"};
  }
  if (version != std::to_string(layout::format_version)) {
    return Error{ErrorCode::invalid_argument,
                 data_dir + " holds format version " + version + ", and this program reads version " +
                     std::to_string(layout::format_version) +
                     ": run the release that wrote it, or restore a backup that this release made"};
  }
  return Done{};
}

Error damaged(const std::string& data_dir, const std::string& what) {
  return {ErrorCode::unavailable,
          "the store in " + data_dir +
              " is damaged and was not opened, so that nothing more is lost: restore a backup (" + what + ")"};
}

Error open_error(const std::string& data_dir, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                             text.find("lock hold by current process") != std::string::npos)) {
    return {ErrorCode::conflict,
            "another process is using " + data_dir + ": stop it, or choose another data directory (" + text + ")"};
  }
  if (status.IsCorruption()) return damaged(data_dir, text);
  return {ErrorCode::unavailable, "cannot open the store in " + data_dir + ": " + text};
}

/// check_logs() while nobody else has the database open and writes to its log.
Status check_logs_alone(const DatabaseConfig& config) {
  const std::string directory = database_dir(config.data_dir);
  std::error_code error;
  if (!fs::exists(directory + "/LOCK", error)) return Done{};
  rocksdb::Env* const env = config.env != nullptr ? config.env : rocksdb::Env::Default();
  rocksdb::FileLock* lock = nullptr;
  if (const auto status = env->LockFile(directory + "/LOCK", &lock); !status.ok()) {
    return open_error(config.data_dir, status);
  }
  const auto whole = check_logs(directory);
  env->UnlockFile(lock).PermitUncheckedError();
  if (!whole) return damaged(config.data_dir, whole.error().message);
  return Done{};
}

/// A data directory in `directory`, which is there and empty.
Status make_copy(rocksdb::DB& db, const std::string& directory) {
  rocksdb::Checkpoint* raw = nullptr;
  auto status = rocksdb::Checkpoint::Create(&db, &raw);
  const std::unique_ptr<rocksdb::Checkpoint> maker(raw);
  if (status.ok()) status = maker->CreateCheckpoint(database_dir(directory));
  if (!status.ok()) return Error{ErrorCode::unavailable, "the backup failed: " + status.ToString()};
  return write_format(directory);
}

}  // namespace

Status Database::prepare_directory(const DatabaseConfig& config) {
  if (auto owned = check_owner(config.data_dir); !owned) return owned;
  std::error_code error;
  const bool had_database = fs::exists(database_dir(config.data_dir), error);
  if (!fs::exists(config.data_dir, error)) {
    fs::create_directories(config.data_dir, error);
    if (error) {
      return Error{ErrorCode::unavailable,
                   "cannot make the data directory " + config.data_dir + ": " + error.message()};
    }
    chmod(config.data_dir.c_str(), S_IRWXU);
    if (auto synced = sync_parent(config.data_dir); !synced) return synced;
  }
  if (fs::exists(format_path(config.data_dir), error)) return check_format(config.data_dir);
  if (error) return Error{ErrorCode::unavailable, "cannot look into " + config.data_dir + ": " + error.message()};
  if (had_database) {
    return Error{ErrorCode::invalid_argument,
                 config.data_dir + "/db exists without " + format_path(config.data_dir) +
                     ": this is not a data directory of this program, or its copy is incomplete"};
  }
  return write_format(config.data_dir);
}

Result<std::unique_ptr<Database>> Database::open(const DatabaseConfig& config) {
  if (auto prepared = prepare_directory(config); !prepared) return std::move(prepared).error();
  if (auto whole = check_logs_alone(config); !whole) return std::move(whole).error();

  std::unique_ptr<Database> database(new Database);
  database->data_dir_ = config.data_dir;
  database->cache_ = rocksdb::NewLRUCache(config.memory_bytes, 4, false, 0.5);
  database->listener_ = make_failure_listener(*database, database->compaction_rest_);
  auto options = database_options(config, database->cache_);
  options.listeners.push_back(database->listener_);

  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.reserve(family_count);
  for (std::size_t i = 0; i < family_count; ++i) {
    descriptors.emplace_back(std::string{family_names[i]},
                             family_options(static_cast<Family>(i), config, database->cache_));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(options, database_dir(config.data_dir), descriptors, &handles, &db);
  if (!status.ok()) return open_error(config.data_dir, status);
  database->db_.reset(db);
  std::ranges::copy(handles, database->families_.begin());
  if (auto synced = sync_directory(config.data_dir); !synced) return std::move(synced).error();
  return database;
}

Database::~Database() {
  if (!db_) return;
  if (abandoned_) {
    // Left as a kill would leave it: the log is whole, and the next start replays it.
    [[maybe_unused]] const auto* left = db_.release();
    return;
  }
  if (!failed_) {
    // A restart then has nothing to replay. Best effort: everything is in the log already.
    rocksdb::FlushOptions flush;
    db_->Flush(flush, {families_.begin(), families_.end()}).PermitUncheckedError();
  }
  for (auto* handle : families_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

Result<bool> Database::get(Family family_name, std::string_view key, rocksdb::PinnableSlice& value) {
  value.Reset();
  const auto status = db_->Get({}, family(family_name), rocksdb::Slice(key.data(), key.size()), &value);
  if (status.ok()) return true;
  if (status.IsNotFound()) return false;
  return unreadable(layout::describe_entry(family(family_name)->GetName(), key) + ": " + status.ToString());
}

Error Database::unreadable(const std::string& what) {
  Error error{ErrorCode::internal, "the store cannot read " + what};
  damage_.note(error.message);
  return error;
}

void Database::tend_compactions(std::chrono::steady_clock::time_point now) {
  if (failed_) return;
  for (auto* family : families_) compaction_rest_.tend(*db_, *family, now);
}

Status Database::check_writable() const {
  if (!failed_) return Done{};
  return Error{ErrorCode::unavailable, "writes have stopped: " + health().problem};
}

Status Database::write(rocksdb::WriteBatch& batch, WriteTiming* timing) {
  if (auto writable = check_writable(); !writable) return writable;
  try {
    return write_checked(batch, timing);
  } catch (const std::exception& exception) {
    // RocksDB was left in the middle of a write: its log would write its buffer once more on closing, and whoever wrote
    // next would wait for ever.
    abandoned_ = true;
    fail(exception.what());
  } catch (...) {
    abandoned_ = true;
    fail({});
  }
  return Error{ErrorCode::unavailable, {}};
}

Status Database::write_checked(rocksdb::WriteBatch& batch, WriteTiming* timing) {
  rocksdb::WriteOptions options;
  options.sync = true;
  options.memtable_insert_hint_per_batch = true;
  const auto started = std::chrono::steady_clock::now();
  if (timing != nullptr) {
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableTimeExceptForMutex);
    rocksdb::get_perf_context()->write_wal_time = 0;
  }
  const auto status = db_->Write(options, &batch);
  if (timing != nullptr) {
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
    timing->log = std::chrono::nanoseconds(rocksdb::get_perf_context()->write_wal_time);
    timing->total = std::chrono::steady_clock::now() - started;
  }
  if (status.ok()) return Done{};
  fail("a write failed: " + status.ToString());
  return check_writable();
}

void Database::fail(std::string problem) noexcept {
  const std::lock_guard lock(problem_mutex_);
  if (failed_) return;
  failed_ = true;
  problem_ = std::move(problem);
  try {
    problem_ += " (free the disk or mend it, then restart)";
  } catch (const std::bad_alloc&) {
    // The reason alone.
  }
}

Health Database::health() const {
  if (!failed_) return {};
  const std::lock_guard lock(problem_mutex_);
  return {false, problem_};
}

Status Database::checkpoint(const std::string& name) {
  if (abandoned_) return check_writable();
  std::error_code error;
  std::string directory = name;
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  if (fs::exists(directory, error)) {
    return Error{ErrorCode::invalid_argument, directory + " exists: name a directory that does not"};
  }
  const auto parent = fs::absolute(directory).parent_path();
  fs::create_directories(parent, error);
  if (error) return Error{ErrorCode::invalid_argument, "cannot make " + parent.string() + ": " + error.message()};
  // A name of its own: what is left of a backup that was interrupted is in nobody's way, and not ours to remove.
  std::string partial = directory + ".partial.XXXXXX";
  if (mkdtemp(partial.data()) == nullptr) {
    return Error{ErrorCode::invalid_argument, "cannot make " + directory + ".partial: " + std::strerror(errno)};
  }
  auto made = make_copy(*db_, partial);
  if (made) {
    fs::rename(partial, directory, error);
    if (!error) return sync_parent(directory);
    made = Error{ErrorCode::unavailable, "cannot rename " + partial + ": " + error.message()};
  }
  fs::remove_all(partial, error);
  return made;
}

}  // namespace triggers::store
