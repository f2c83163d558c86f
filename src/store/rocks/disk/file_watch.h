#pragma once

// The sizes and the sync state of the database's files, and the RocksDB Env that reports them (watched_env.cc). What is
// then recorded on disk is in witness.h.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "store/rocks/disk/witness.h"

namespace rocksdb {
class Env;
}

namespace triggers::store {

/// Knows the state of the database's files while it is open. The watched file system (make_watched_env) reports every
/// change to it, and it updates the witness. Any thread.
class FileWatch {
 public:
  /// A write-ahead log that is open.
  struct Log {
    explicit Log(std::uint64_t log_number) : number(log_number) {}

    const std::uint64_t number;
    std::atomic<std::uint64_t> synced{0};  ///< Bytes.
  };

  /// A failed disk operation, classified by its consequence.
  struct Trouble {
    enum class Kind : std::uint8_t {
      none,
      shortage,  ///< Of room, descriptors or memory. Nothing is in doubt: what could not be written was cut off.
      doubt,     ///< What is on the disk is unknown.
      lost,      ///< Somebody has removed, cut or replaced a file of the open store.
    };
    Kind kind = Kind::none;
    std::string cause;
    std::uint64_t log = 0;  ///< The number of the log that could not be written, if it was one.
  };

  /// Counts the operations of RocksDB on tables, manifests and file names. Writes of a log are not counted: every
  /// commit makes one.
  struct Work {
    std::uint64_t done = 0;  ///< Operations of the disk that have ended.
    unsigned under_way = 0;  ///< Operations that the disk has not finished yet.
  };
  /// Counts one such operation.
  class Working {
   public:
    /// nullptr: does not count it.
    explicit Working(FileWatch* watch) noexcept : watch_(watch) {
      if (watch_ != nullptr) ++watch_->under_way_;
    }
    Working(const Working&) = delete;
    Working& operator=(const Working&) = delete;
    ~Working() {
      if (watch_ == nullptr) return;
      ++watch_->done_;  // In this order: a reader between the two must not see a still disk.
      --watch_->under_way_;
    }

   private:
    FileWatch* const watch_;
  };

  /// `record`: what the files are now.
  FileWatch(std::unique_ptr<Witness> witness, WitnessRecord record);

  /// The database calls it before it reports writes up to `sequence` as done. `unavailable` if the witness cannot be
  /// written: the writes are synced, but their loss would go unnoticed.
  Status commit(std::uint64_t sequence);
  /// Writes the current state to the witness.
  Status write_witness();
  [[nodiscard]] WitnessRecord record() const;
  /// The first doubt or loss, or else the last shortage since forget_shortage().
  [[nodiscard]] Trouble trouble() const;
  void forget_shortage();
  /// Whether the newest log is newer than any log that could not be written. RocksDB's writer of such a log accepts
  /// nothing more.
  [[nodiscard]] bool log_is_usable() const;
  /// Takes no lock, because a thread may hold it while it waits for the disk.
  [[nodiscard]] Work work() const noexcept {
    // In the opposite order of Working's destructor.
    const unsigned under_way = under_way_;
    return {done_, under_way};
  }
  [[nodiscard]] Witness& witness() noexcept { return *witness_; }

  // For the file system.
  std::shared_ptr<Log> log_made(std::uint64_t number);
  /// Called before its name is removed, because the witness must never claim more than exists.
  void log_goes(std::uint64_t number);
  void manifest_synced(SyncedFile manifest);
  void current_renamed();
  void directory_synced();
  void failed(Trouble trouble);

 private:
  void publish() REQUIRES(mutex_);
  void note(Trouble trouble) REQUIRES(mutex_);

  const std::unique_ptr<Witness> witness_;
  mutable Mutex mutex_;
  WitnessRecord record_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Log>> open_logs_ GUARDED_BY(mutex_);
  SyncedFile next_manifest_ GUARDED_BY(mutex_);  ///< That CURRENT does not name yet, or not durably.
  bool current_renamed_ GUARDED_BY(mutex_) = false;
  Trouble trouble_ GUARDED_BY(mutex_);
  std::uint64_t failed_log_ GUARDED_BY(mutex_) = 0;
  std::atomic<std::uint64_t> done_{0};
  std::atomic<unsigned> under_way_{0};
};

/// Whether an error's text names a shortage as its cause. RocksDB keeps it nowhere else.
[[nodiscard]] bool names_shortage(const std::string& text);

/// An environment whose files in `directory` are `base`'s and are watched. It marks errors that a shortage has caused
/// as retryable, so that DB::Resume() can recover from them. `watch` and `base` outlive it.
std::unique_ptr<rocksdb::Env> make_watched_env(rocksdb::Env* base, const std::string& directory, FileWatch& watch);

}  // namespace triggers::store
