#pragma once

// The open RocksDB database: making and opening a store, with its lock and the files beside the database, reading,
// writing, copying, and closing it. After a failure it refuses writes. What is stored is defined in format/; the checks
// of its files while it is open are in database_upkeep.cc.

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/rocks/database/compaction_backoff.h"
#include "store/rocks/database/damage_log.h"
#include "store/rocks/database/database_config.h"
#include "store/rocks/disk/disk_idle_time.h"
#include "store/rocks/disk/disk_reserve.h"
#include "store/rocks/disk/disk_space.h"
#include "store/rocks/disk/format_file.h"
#include "store/status.h"

namespace rocksdb {
class Cache;
class ColumnFamilyHandle;
class DB;
class Env;
class EventListener;
class PinnableSlice;
class WriteBatch;
}  // namespace rocksdb

namespace triggers::store {

/// How long a synced write took.
struct WriteTiming {
  std::chrono::nanoseconds total{0};
  std::chrono::nanoseconds log{0};  ///< Of it, writing and syncing the write-ahead log.
};

class DirectoryGuard;
class DirectoryLock;
class SpaceReclaim;
class TableSizeCheck;

/// RocksDB in a directory that one process owns. Opening it checks the format and all files. After a write of unknown
/// outcome it refuses every further write. Any thread may call.
class Database {
 public:
  /// Makes the directory (mode 0700) and an empty store if there is none. An existing store is never replaced by a new
  /// one: if any part of it is missing, cut or damaged, the open fails and changes nothing on the disk. If the disk is
  /// full, the store is opened for reading, and health() says so. Errors: `conflict` (another process has it),
  /// `invalid_argument` (another format version, not our directory, root on another user's), `not_found` (to read, and
  /// there is none), `unavailable` (the disk, damage). The message says what to do.
  static Result<std::unique_ptr<Database>> open(const DatabaseConfig& config);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[nodiscard]] rocksdb::DB& db() noexcept { return *db_; }
  /// False in a store of an earlier version that is open for reading only, for a family that it lacks. The family then
  /// reads as empty.
  [[nodiscard]] bool has(Family name) const noexcept { return family(name) != nullptr; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family family) const noexcept {
    return families_[static_cast<std::size_t>(family)];
  }

  /// `internal` if the disk cannot be read or a checksum is wrong. That is noted as damage; other calls go on.
  Result<bool> get(Family family, std::string_view key, rocksdb::PinnableSlice& value);

  /// `unavailable` once writes have stopped.
  [[nodiscard]] Status check_writable() const;

  /// Writes and syncs. After a failure every write is refused with `unavailable`. If nothing of the write is in the log
  /// (the disk was full, or a file could not be opened), check_files() may let writes resume. Otherwise the store must
  /// be opened again, because nobody knows which part of a failed sync is on the disk.
  Status write(rocksdb::WriteBatch& batch, WriteTiming* timing = nullptr);

  /// Stops writes until the store is opened again. The first reason stays.
  void fail(std::string problem) noexcept;
  /// As fail(), for a failure that RocksDB has just reported. If it left nothing in doubt, writes stop only for a
  /// while.
  void stop_writes(const std::string& problem);
  /// Notes a record, or a file, that cannot be read. Returns the Error (`internal`) for the caller.
  Error unreadable(const std::string& what);
  [[nodiscard]] DamageLog& damage() noexcept { return damage_; }
  /// Call it about once a second. Pauses the compaction of families whose files cannot be read, and retries later.
  void tend_compactions(std::chrono::steady_clock::time_point now);
  [[nodiscard]] Health health() const;

  /// Calls check_files() regularly on a thread of its own from now on.
  void start_file_checks();
  /// Measures the free space, checks that the files are in place, and stops writes if not. `thorough`: also checks the
  /// next tables, tries to resume after a shortage, and gives space back. One call at a time.
  void check_files(bool thorough);
  /// As of the last check.
  [[nodiscard]] std::optional<DiskSpace> disk() const;
  /// False while the free space is below the reserve: new events are refused. Any thread.
  [[nodiscard]] bool has_room() const noexcept { return disk_reserve_.has_room(); }
  /// Events have been removed. While there is no room, their space is given back to the disk.
  void note_removed_events() noexcept;

  /// A consistent copy in a new directory, itself a data directory. Hard links where the file system allows.
  /// `invalid_argument` if `directory` exists or cannot be made.
  Status checkpoint(const std::string& directory);

 private:
  enum class State : std::uint8_t {
    writable,
    waiting,  ///< For room or descriptors: may go on by itself.
    stopped,  ///< Until the store is opened again.
  };

  explicit Database(const DatabaseConfig& config);
  static Result<std::unique_ptr<Database>> open_to_write(const DatabaseConfig& config);
  static Result<std::unique_ptr<Database>> open_to_read(const DatabaseConfig& config, std::string problem);
  Status open_checked(const DatabaseConfig& config, FormatFile& format);
  Status open_files(const DatabaseConfig& config, FormatFile::Stage stage);
  Status write_checked(rocksdb::WriteBatch& batch, WriteTiming* timing);
  /// Makes sure that a memtable has an entry: see try_resume().
  void mark_opened(const Clock& clock);
  /// Records on disk, in the witness and the inventory, that this run has begun.
  Status note_opened();
  void set_state(State state, std::string problem);
  /// Stops writes because somebody has removed, cut or replaced a file of the open store.
  void lose(const std::string& problem);
  void update_disk_space();
  void tend_space();
  /// False if a compaction of the family might take all the free space.
  [[nodiscard]] bool has_room_to_compact(rocksdb::ColumnFamilyHandle& family) const;
  /// Tries to resume writes after a shortage. RocksDB writes every memtable, on a thread of its own.
  void try_resume();
  /// Follows that attempt until it succeeds, may be repeated, or makes no progress any more.
  void follow_resume();
  void run_file_checks(const std::stop_token& stop);

  std::string data_dir_;
  std::string store_id_;
  const Clock* clock_ = &Clock::system();
  std::unique_ptr<DirectoryLock> directory_lock_;
  std::unique_ptr<FileWatch> watch_;  // Outlives the environment, which tells it.
  std::unique_ptr<rocksdb::Env> env_;
  std::shared_ptr<rocksdb::Cache> cache_;
  CompactionBackoff compaction_backoff_;
  std::shared_ptr<rocksdb::EventListener> listener_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, family_count> families_{};
  std::unique_ptr<DirectoryGuard> guard_;
  std::unique_ptr<TableSizeCheck> table_size_check_;  // Set with the guard.

  DamageLog damage_;
  DiskReserve disk_reserve_;
  std::unique_ptr<SpaceReclaim> space_reclaim_;  ///< Null without a reserve.
  bool refusal_was_told_ = false;                ///< Of the thread that checks files.
  std::atomic<State> state_{State::writable};
  std::atomic<bool> abandoned_{false};  ///< An exception left RocksDB in the middle of a write: it is not closed.
  mutable Mutex problem_mutex_;
  std::string problem_ GUARDED_BY(problem_mutex_);
  DiskSpace disk_ GUARDED_BY(problem_mutex_);
  std::jthread file_checks_;
  std::future<bool> resuming_;  ///< Valid while RocksDB resumes, for good if it has moved nothing for too long.
  std::optional<DiskIdleTime> resume_idle_time_;
  std::string shortage_;  ///< Why it was needed.
};

}  // namespace triggers::store
