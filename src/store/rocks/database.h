#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/event_store.h"
#include "store/rocks/compaction_rest.h"
#include "store/rocks/damage_log.h"

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

/// The column families, in the order in which they are opened. docs/storage-format.md says what each holds.
enum class Family : std::uint8_t { meta, events, pending, delivered, expiry, dedup, idempotency, keys };
inline constexpr std::size_t family_count = 8;

struct DatabaseConfig {
  std::string data_dir;
  std::size_t memory_bytes = 192 * 1024 * 1024;  ///< Block cache and write buffers together.
  std::chrono::seconds dedup_window{300};
  std::chrono::seconds idempotency_window{86'400};
  const Clock* clock = &Clock::system();  ///< Whose time the windows are measured in.
  rocksdb::Env* env = nullptr;            ///< The seam for tests of failing disks; nullptr: the machine's.
};

/// How long a synced write took.
struct WriteTiming {
  std::chrono::nanoseconds total{0};
  std::chrono::nanoseconds log{0};  ///< Of it, writing and syncing the write-ahead log.
};

/// RocksDB in a directory that one process owns: opened with our options, checked for our format, and refusing every
/// write after the first that failed. Any thread may call.
class Database {
 public:
  /// Makes the directory (mode 0700) and an empty store if there is none.
  /// Errors: `conflict` (another process has it), `invalid_argument` (another format version, not our directory,
  /// root on another user's), `unavailable` (the disk). The message says what to do.
  static Result<std::unique_ptr<Database>> open(const DatabaseConfig& config);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[nodiscard]] rocksdb::DB& db() noexcept { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family family) const noexcept {
    return families_[static_cast<std::size_t>(family)];
  }

  /// `internal` if the disk cannot be read or a checksum is wrong. That is noted as damage, and stops nothing else.
  Result<bool> get(Family family, std::string_view key, rocksdb::PinnableSlice& value);

  /// `unavailable` once writes have stopped.
  [[nodiscard]] Status check_writable() const;

  /// Writes and syncs. After the first failure every write is refused with `unavailable` until the store is opened
  /// again: nobody knows what of a failed sync is on the disk.
  Status write(rocksdb::WriteBatch& batch, WriteTiming* timing = nullptr);

  /// Stops writes as a failed one does. The first reason stays.
  void fail(std::string problem) noexcept;
  /// Notes a record, or a file, that cannot be read. The Error (`internal`) for who asked for it.
  Error unreadable(const std::string& what);
  [[nodiscard]] DamageLog& damage() noexcept { return damage_; }
  /// Once a second or so: lets families rest whose compaction cannot read its files, and tries them again.
  void tend_compactions(std::chrono::steady_clock::time_point now);
  [[nodiscard]] Health health() const;

  /// A consistent copy in a new directory, itself a data directory. Hard links where the file system allows.
  /// `invalid_argument` if `directory` exists or cannot be made.
  Status checkpoint(const std::string& directory);

 private:
  Database() = default;
  Status write_checked(rocksdb::WriteBatch& batch, WriteTiming* timing);
  static Status prepare_directory(const DatabaseConfig& config);

  std::string data_dir_;
  std::shared_ptr<rocksdb::Cache> cache_;
  CompactionRest compaction_rest_;
  std::shared_ptr<rocksdb::EventListener> listener_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, family_count> families_{};

  DamageLog damage_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> abandoned_{false};  ///< An exception left RocksDB in the middle of a write: it is not closed.
  mutable std::mutex problem_mutex_;
  std::string problem_;
};

}  // namespace triggers::store
