#include "store/rocks/database/database.h"

#include <pwd.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "log/log.h"
#include "store/rocks/database/database_copy.h"
#include "store/rocks/database/database_options.h"
#include "store/rocks/database/failure_listener.h"
#include "store/rocks/database/open_error.h"
#include "store/rocks/database/prepare_store.h"
#include "store/rocks/database/space_reclaim.h"
#include "store/rocks/database/store_check.h"
#include "store/rocks/disk/directory_guard.h"
#include "store/rocks/disk/directory_lock.h"
#include "store/rocks/disk/durable.h"
#include "store/rocks/disk/file_watch.h"
#include "store/rocks/disk/format_file.h"
#include "store/rocks/disk/inventory.h"
#include "store/rocks/disk/table_size_check.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

/// The name or `#id` that sudo accepts.
std::string user_name(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> texts{};
  if (getpwuid_r(user, &entry, texts.data(), texts.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return "'#" + std::to_string(user) + "'";
}

/// Files that root writes into another user's store belong to root, so that user's server could no longer open it. The
/// system keeps other users out.
Status check_owner(const std::string& data_dir) {
  if (geteuid() != 0) return Done{};
  struct stat found{};
  if (stat(database_dir(data_dir).c_str(), &found) != 0 && stat(data_dir.c_str(), &found) != 0) return Done{};
  if (found.st_uid == 0) return Done{};
  const std::string owner = user_name(found.st_uid);
  return Error{ErrorCode::invalid_argument, "the store in " + data_dir + " belongs to the user " + owner +
                                                ": run this as that user (sudo -u " + owner + " …)"};
}

/// Makes the directory, mode 0700.
Status make_directory(const std::string& data_dir) {
  std::error_code error;
  if (fs::exists(data_dir, error)) return Done{};
  fs::create_directories(data_dir, error);
  if (error) {
    return Error{ErrorCode::unavailable, "cannot make the data directory " + data_dir + ": " + error.message()};
  }
  chmod(data_dir.c_str(), S_IRWXU);
  return sync_parent(data_dir);
}

/// The contents of FORMAT. Nothing if there is no store, and no part of one.
Result<std::optional<FormatFile>> find_format(const std::string& data_dir) {
  std::error_code error;
  static_cast<void>(fs::exists(format_path(data_dir), error));
  if (error) return Error{ErrorCode::unavailable, "cannot look into " + data_dir + ": " + error.message()};
  auto format = read_format(data_dir);
  if (!format || *format) return format;
  // A witness alone is left of a store if a crash interrupted its making before anything else was written.
  for (const auto* name : {"/db", "/INVENTORY"}) {
    if (!fs::exists(data_dir + name, error)) continue;
    return Error{ErrorCode::invalid_argument,
                 data_dir + name + " exists without " + format_path(data_dir) +
                     ": this is not a data directory of this program, or its copy is incomplete; copy it whole, or "
                     "restore a backup"};
  }
  if (error) return Error{ErrorCode::unavailable, "cannot look into " + data_dir + ": " + error.message()};
  return format;
}

/// After an open that failed: restores the inventory of the clean stop if no listed file has changed. Otherwise the
/// next open would check less than this one. Comparing sizes is enough, because the tables were read a moment ago.
void put_back(const std::optional<Inventory>& before, const std::string& data_dir) {
  if (!before || !before->closed) return;
  const auto now = Inventory::read(data_dir);
  if ((now && now->closed) || !differences(*before, data_dir, /*table_bytes_max=*/0, /*complete=*/true).empty()) {
    return;
  }
  if (auto written = before->write(data_dir); !written) {
    log::warning("inventory_not_written", {{"cause", written.error().message}});
  }
}

bool is_full(const std::string& message) {
  return message.find(std::strerror(ENOSPC)) != std::string::npos ||
         message.find(std::strerror(EDQUOT)) != std::string::npos;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const DatabaseConfig& config) {
  if (auto owned = check_owner(config.data_dir); !owned) return std::move(owned).error();
  if (config.access == Access::read) return open_to_read(config, "the store was opened for reading only");
  auto database = open_to_write(config);
  if (database || database.error().code != ErrorCode::unavailable || !is_full(database.error().message)) {
    return database;
  }
  auto reading =
      open_to_read(config, database.error().message + " (it was opened for reading only: free space, then restart)");
  return reading ? std::move(reading) : std::move(database);
}

Database::Database(const DatabaseConfig& config) : disk_reserve_(config.disk_reserve_bytes) {}

Result<std::unique_ptr<Database>> Database::open_to_write(const DatabaseConfig& config) {
  if (auto made = make_directory(config.data_dir); !made) return std::move(made).error();
  // This check gives a better message than the lock would. The check after locking is the one that counts.
  if (auto readable = find_format(config.data_dir); !readable) return std::move(readable).error();
  std::unique_ptr<Database> database(new Database(config));
  auto lock = DirectoryLock::take(config.data_dir);
  if (!lock) return std::move(lock).error();
  database->directory_lock_ = std::move(*lock);
  auto found = find_format(config.data_dir);
  if (!found) return std::move(found).error();
  if (auto alone = expect_nobody_else(config); !alone) return std::move(alone).error();
  FormatFile format = found->value_or(FormatFile{});
  const auto inventory = Inventory::read(config.data_dir);
  if (auto opened = database->open_checked(config, format); !opened) {
    // If RocksDB was opened, closing it writes an inventory.
    if (!database->db_) put_back(inventory, config.data_dir);
    return std::move(opened).error();
  }
  if (format.stage != FormatFile::Stage::made) {
    format.stage = FormatFile::Stage::made;
    if (auto made = write_format(config.data_dir, format); !made) return std::move(made).error();
  }
  database->guard_ = std::make_unique<DirectoryGuard>(config.data_dir, database->directory_lock_->descriptor(),
                                                      database->watch_->witness());
  database->table_size_check_ = std::make_unique<TableSizeCheck>(database_dir(config.data_dir));
  if (config.disk_reserve_bytes > 0) {
    database->space_reclaim_ = std::make_unique<SpaceReclaim>(*database->db_, database->families_);
  }
  database->mark_opened(*config.clock);
  if (auto noted = database->note_opened(); !noted) return std::move(noted).error();
  return database;
}

Status Database::open_checked(const DatabaseConfig& config, FormatFile& format) {
  auto record = prepare_store(config, format);
  if (!record) return std::move(record).error();
  auto witness = Witness::open(config.data_dir);
  if (!witness) return std::move(witness).error();
  data_dir_ = config.data_dir;
  clock_ = config.clock;
  store_id_ = format.store_id;
  watch_ = std::make_unique<FileWatch>(std::move(*witness), std::move(*record));
  return open_files(config, format.stage);
}

void Database::mark_opened(const Clock& clock) {
  std::string time;
  layout::append_u64(time, static_cast<std::uint64_t>(clock.now().time_since_epoch().count()));
  rocksdb::WriteBatch batch;
  batch.Put(family(Family::meta), std::string{layout::opened_at_key}, time);
  static_cast<void>(write(batch));  // A failure stops writes; the store can be read.
}

Status Database::open_files(const DatabaseConfig& config, FormatFile::Stage stage) {
  rocksdb::Env* const base = config.env != nullptr ? config.env : rocksdb::Env::Default();
  env_ = make_watched_env(base, database_dir(data_dir_), *watch_);
  cache_ = new_cache(config);
  listener_ =
      make_failure_listener([this](const std::string& problem) { stop_writes(problem); }, damage_, compaction_backoff_);
  auto options = database_options(config, cache_);
  options.env = env_.get();
  options.create_if_missing = stage == FormatFile::Stage::making;
  options.create_missing_column_families = stage != FormatFile::Stage::made;
  options.listeners.push_back(listener_);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto status =
      rocksdb::DB::Open(options, database_dir(data_dir_), family_descriptors(config, cache_), &handles, &db);
  if (!status.ok()) return open_error(data_dir_, status);
  db_.reset(db);
  std::ranges::copy(handles, families_.begin());
  if (auto synced = sync_directory(data_dir_); !synced) return synced;

  return watch_->write_witness();
}

Status Database::note_opened() {
  // The witness is synced once here. From then on nothing waits for it.
  if (auto synced = watch_->witness().sync(); !synced) return synced;
  // Behind the witness, so that a witness of an older copy is detected.
  Inventory open{.store_id = store_id_, .sequence = watch_->record().sequence};
  if (auto added = open.add(data_dir_, "db/IDENTITY"); !added) return added;
  return open.write(data_dir_);
}

Result<std::unique_ptr<Database>> Database::open_to_read(const DatabaseConfig& config, std::string problem) {
  if (auto readable = find_format(config.data_dir); !readable) return std::move(readable).error();
  std::unique_ptr<Database> database(new Database(config));
  auto lock = DirectoryLock::take(config.data_dir);
  if (!lock) return std::move(lock).error();
  database->directory_lock_ = std::move(*lock);
  auto format = find_format(config.data_dir);
  if (!format) return std::move(format).error();
  if (!*format || (*format)->stage == FormatFile::Stage::making) {
    return Error{ErrorCode::not_found, "there is no store in " + config.data_dir};
  }
  if (auto alone = expect_nobody_else(config); !alone) return std::move(alone).error();
  if (auto checked = check_store(config, **format); !checked) return std::move(checked).error();
  database->data_dir_ = config.data_dir;
  database->cache_ = new_cache(config);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto status =
      rocksdb::DB::OpenForReadOnly(reading_options(config, database->cache_), database_dir(config.data_dir),
                                   family_descriptors(config, database->cache_, families_of(**format)), &handles, &db);
  if (!status.ok()) return open_error(config.data_dir, status);
  database->db_.reset(db);
  std::ranges::copy(handles, database->families_.begin());
  database->set_state(State::stopped, std::move(problem));
  return database;
}

Database::~Database() {
  file_checks_ = {};
  if (!db_) return;
  if (abandoned_) {
    // Its thread may wait for ever, as the next writer would.
    [[maybe_unused]] const auto* left = space_reclaim_.release();
  } else if (space_reclaim_) {
    if (state_ != State::writable) rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/false);  // Ends a flush's wait.
    space_reclaim_.reset();
  }
  if (resuming_.valid()) {
    rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/false);  // Ends its wait.
    resuming_.wait();
  }
  if (abandoned_) {
    // Left as a kill would leave it: the log is whole, and the next start replays it.
    rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/false);
    [[maybe_unused]] const auto* left = db_.release();
    [[maybe_unused]] const auto* its_files = env_.release();
    [[maybe_unused]] const auto* their_watch = watch_.release();
    return;
  }
  const bool clean = state_ == State::writable && watch_;
  if (clean) {
    // A restart then has nothing to replay. Best effort: everything is in the log already.
    rocksdb::FlushOptions flush;
    db_->Flush(flush, {families_.begin(), families_.end()}).PermitUncheckedError();
    // The files that are listed now must be those of the last manifest.
    rocksdb::CancelAllBackgroundWork(db_.get(), true);
  }
  const auto checksums = clean ? table_checksums(*db_) : TableChecksums{};
  const auto sequence = db_->GetLatestSequenceNumber();
  for (auto* handle : families_) {
    if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
  const auto closed = db_->Close();
  db_.reset();
  if (!clean || !closed.ok()) return;
  check_files(false);  // The inventory must not be sealed without a file that somebody has removed.
  if (state_ != State::writable) return;
  static_cast<void>(watch_->witness().sync());
  if (auto sealed = seal_directory(data_dir_, store_id_, sequence, checksums); !sealed) {
    // The next start then goes by the witness.
    log::warning("inventory_not_written", {{"cause", sealed.error().message}});
  }
}

Result<bool> Database::get(Family family_name, std::string_view key, rocksdb::PinnableSlice& value) {
  value.Reset();
  if (!has(family_name)) return false;
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
  if (state_.load(std::memory_order_acquire) == State::stopped) return;
  for (auto* family : families_) compaction_backoff_.tend(*db_, *family, now, has_room_to_compact(*family));
}

bool Database::has_room_to_compact(rocksdb::ColumnFamilyHandle& family) const {
  if (!space_reclaim_) return true;
  const auto space = disk();
  std::uint64_t bytes = 0;
  if (!space || !db_->GetIntProperty(&family, rocksdb::DB::Properties::kTotalSstFilesSize, &bytes)) return true;
  // A large reserve has room for a compaction. On a small disk the rest must have it, because flushes need the reserve.
  const bool reserve_is_small = space->reserve_bytes < compaction_room_bytes;
  return space->free_bytes >= std::min(bytes, compaction_room_bytes) + (reserve_is_small ? space->reserve_bytes : 0);
}

Status Database::check_writable() const {
  if (state_.load(std::memory_order_acquire) == State::writable) return Done{};
  return Error{ErrorCode::unavailable, "writes have stopped: " + health().problem};
}

Status Database::write(rocksdb::WriteBatch& batch, WriteTiming* timing) {
  if (auto writable = check_writable(); !writable) return writable;
  try {
    return write_checked(batch, timing);
  } catch (const std::exception& exception) {
    // RocksDB was left in the middle of a write. Closing it would write the log's buffer once more, and the next writer
    // would wait for ever.
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
  if (status.ok()) {
    disk_reserve_.written(batch.GetDataSize());
    const auto witnessed = watch_->commit(db_->GetLatestSequenceNumber());
    // This write is in the log and synced. The next one must wait, because its loss would go unnoticed.
    if (!witnessed) stop_writes(witnessed.error().message);
    return Done{};
  }
  const std::string problem = "a write failed: " + status.ToString();
  stop_writes(problem);
  if (auto writable = check_writable(); !writable) return writable;
  // Writes have resumed already. This one was not written, so it must fail.
  return Error{ErrorCode::unavailable, problem};
}

Status Database::checkpoint(const std::string& name) {
  if (abandoned_) return Error{ErrorCode::unavailable, "the store must be opened again before it can be copied"};
  std::error_code error;
  std::string directory = name;
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  if (fs::exists(directory, error)) {
    return Error{ErrorCode::invalid_argument, directory + " exists: name a directory that does not"};
  }
  const auto parent = fs::absolute(directory).parent_path();
  fs::create_directories(parent, error);
  if (error) return Error{ErrorCode::invalid_argument, "cannot make " + parent.string() + ": " + error.message()};
  // A unique name: the remains of an interrupted backup are in nobody's way, and not ours to remove.
  std::string partial = directory + ".partial.XXXXXX";
  if (mkdtemp(partial.data()) == nullptr) {
    return Error{ErrorCode::invalid_argument, "cannot make " + directory + ".partial: " + std::strerror(errno)};
  }
  const bool reads_only = !watch_;
  auto made = reads_only ? copy_files(*db_, data_dir_, partial) : make_copy(*db_, partial);
  if (made) {
    fs::rename(partial, directory, error);
    if (!error) return sync_parent(directory);
    made = Error{ErrorCode::unavailable, "cannot rename " + partial + ": " + error.message()};
  }
  fs::remove_all(partial, error);
  return made;
}

}  // namespace triggers::store
