#pragma once

// Reads files in RocksDB's log format without RocksDB, to find damage, gaps and repeated writes, and hands a repair
// each batch. The replay at a start is RocksDB's own work.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::store {

/// The contents of a file in RocksDB's log format (a write-ahead log, a manifest).
struct LogScan {
  std::string name;           ///< Without its directory.
  std::uint64_t number = 0;   ///< In its name.
  std::uint64_t bytes = 0;    ///< Its size.
  std::uint64_t whole = 0;    ///< Up to here it can be read: the end of its last whole batch.
  std::uint64_t batches = 0;  ///< Up to there.
  /// Of its first whole batch, and what follows its last one, in a write-ahead log. Equal: no write is in it.
  std::uint64_t first_sequence = 0;
  std::uint64_t next_sequence = 0;
  /// The log cannot be read from here on, although batches follow.
  ///
  /// RocksDB replays a log up to the first unreadable record, which it takes for a write that a crash cut off. But the
  /// committer begins a batch only after the one before was synced, so nothing follows a write that was cut off. A
  /// batch after an unreadable record proves that a synced write is damaged.
  std::optional<std::uint64_t> damage;

  /// What a start drops: the rest of a batch that was never answered.
  [[nodiscard]] std::uint64_t torn_bytes() const noexcept { return bytes - whole; }
};

/// The numbers that RocksDB has given the writes of a batch: the first, and how many follow each other.
struct BatchNumbers {
  std::uint64_t sequence = 0;
  std::uint32_t count = 0;
};
/// From the beginning of a batch; nothing if it is too short to be one.
[[nodiscard]] std::optional<BatchNumbers> batch_numbers(std::string_view batch);

/// `unavailable` if the file cannot be read.
Result<LogScan> scan_log(const std::string& path);

/// Passes each readable batch of a log to `take`, in order, including those after damage.
Status each_batch(const std::string& path, const std::function<void(std::string_view batch)>& take);

/// A file in RocksDB's log format with these batches.
[[nodiscard]] std::string log_file(const std::vector<std::string>& batches);

/// The logs that repeat the numbers of an older log's writes, one line each. `logs`: oldest first. RocksDB gives a
/// number once, so somebody has copied such a log; RocksDB aborts on the second entry with the same number.
[[nodiscard]] std::vector<std::string> repeated_writes(const std::vector<LogScan>& logs);

/// The logs, from the number `oldest` on, that do not continue where the log before ends, one line each. `logs`: oldest
/// first. Older ones are no longer needed, and RocksDB removes them in no particular order.
[[nodiscard]] std::vector<std::string> missing_writes(const std::vector<LogScan>& logs, std::uint64_t oldest);

/// The write-ahead logs of a database in `directory` that nobody writes to, oldest first.
Result<std::vector<LogScan>> scan_logs(const std::string& directory);

}  // namespace triggers::store
