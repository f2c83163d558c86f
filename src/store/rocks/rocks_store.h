#pragma once

// The embedded engine as a whole: its configuration, and the start, which loads what memory has of inboxes. It connects
// queue, committer, readers and housekeeper, passes each call on to one of them, and computes digests that would hold
// up a commit. How they work is in the folders beside this file.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "store/event_log.h"
#include "store/inbox_figures.h"
#include "store/inbox_store.h"
#include "store/key_store.h"
#include "store/rocks/commit/committer.h"
#include "store/rocks/disk/disk_space.h"
#include "store/status.h"
#include "store/storage_limits.h"

namespace rocksdb {
class Env;
}

namespace triggers::store {

struct RocksConfig {
  std::string data_dir = "./data";
  Access access = Access::write;
  std::size_t memory_bytes = 192 * 1024 * 1024;  ///< Block cache and write buffers together.
  std::chrono::seconds dedup_window{300};        ///< 0: content is not compared.
  std::chrono::seconds idempotency_window{86'400};
  std::chrono::hours event_ttl{24 * 30};                   ///< After no inbox has had an entry of the event any more.
  std::size_t leased_max = leased_max_default;             ///< Entries of one inbox that may be leased at once.
  std::size_t waiters_max = Waiters::waiters_max_default;  ///< Readers that wait at once.
  std::uint64_t disk_reserve_bytes = 0;                    ///< Free space below which new events are refused; 0: off.
  TenantLimits tenant_limits;
  CommitLimits commit;
  unsigned reader_threads = 3;                    ///< One tenant has at most all but one of them.
  std::size_t reads_waiting_max = 20'000;         ///< Of all tenants; beyond a fair share: `share_used`.
  std::chrono::milliseconds filter_time_max{20};  ///< A page's search for a type; see Page::has_more.
  /// Sweeps, measures and checks the files on threads of its own. Without it, tests call those below.
  bool background = true;
  int open_files_max = -1;  ///< Files that RocksDB keeps open; -1: all.
  const Clock* clock = &Clock::system();
  std::function<void(const CommitStats&)> on_commit;
  rocksdb::Env* env = nullptr;  ///< The seam for tests of failing disks.
};

/// The embedded engine: one process, one directory, RocksDB. docs/storage-format.md has its keys, docs/architecture.md
/// its threads.
class RocksStore : public EventLog, public InboxStore, public KeyStore, public StoreStatus {
 public:
  /// Errors are those of Database::open.
  static Result<std::unique_ptr<RocksStore>> open(RocksConfig config);

  /// Copies the whole store, consistently, into `directory`, which must not exist. Backups run one after the other on a
  /// thread of their own, each for as long as the disk takes. Errors as of Database::checkpoint, and `overloaded` if
  /// several wait.
  virtual Task<Status> backup(std::string directory) = 0;
  /// The records that could not be read. Any thread.
  [[nodiscard]] virtual DamageLog& damage() noexcept = 0;
  /// The free space on its disk at the last check; nothing before the first. Any thread.
  [[nodiscard]] virtual std::optional<DiskSpace> disk() const = 0;
  /// What of all tenants counts against TenantLimits::bytes_max; nothing without that limit. Any thread.
  [[nodiscard]] virtual std::optional<std::uint64_t> stored_bytes() const noexcept = 0;
  /// By how much the time of new ids is ahead of the clock. Any thread.
  [[nodiscard]] virtual std::chrono::milliseconds ids_ahead() const = 0;
  /// Entries that have left because they were older than the retention of their inbox. Any thread.
  [[nodiscard]] virtual std::uint64_t entries_expired() const noexcept = 0;
  /// What inboxes hold, as of the last second; null before the first count. Any thread.
  [[nodiscard]] virtual std::shared_ptr<const InboxTotals> inbox_totals() const = 0;
  /// Jobs of inboxes. Any thread.
  struct JobCounts {
    std::size_t running = 0;
    std::uint64_t done = 0, failed = 0;  ///< Since the store was opened.
  };
  [[nodiscard]] virtual JobCounts jobs() const = 0;
  /// Reads so far that ran at low priority: pages by event type or of large events, and lists of keys. Any thread.
  [[nodiscard]] virtual std::uint64_t searches() const noexcept = 0;
  /// Removes the events past their time to live that the next `entries_max` expiry entries name; returns how many. Only
  /// without `background`.
  virtual Result<std::size_t> sweep(std::size_t entries_max) = 0;
  /// Records what time has done to inboxes: leases and delays end, and entries leave that are too old, or whose inbox
  /// was removed. Counts what they hold. Runs jobs to their end, and removes old ones. Only without `background`.
  virtual Status settle() = 0;
  /// Writes that the next commit can take. A write counts in `queue_depth` earlier, before the committer can see it.
  [[nodiscard]] virtual std::size_t writes_waiting() const = 0;
  /// As Database::check_files, thoroughly. Only without `background`.
  virtual void check_files() = 0;
};

}  // namespace triggers::store
