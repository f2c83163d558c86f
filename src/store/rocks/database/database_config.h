#pragma once

// Where the database is and how it is opened, and the list of its column families. Their stored names and the RocksDB
// options are in database_options.h.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "store/access.h"

namespace rocksdb {
class Env;
}

namespace triggers::store {

/// The column families, in the order in which they are opened. docs/storage-format.md says what each holds.
/// Their places are RocksDB's numbers for them, which a repair relies on: new ones come last.
enum class Family : std::uint8_t {
  meta,
  events,
  pending,
  acknowledged,
  expiry,
  dedup,
  idempotency,
  keys,
  entries,
  traces,
  holders
};
inline constexpr std::size_t family_count = 11;
/// The first of them are those of a store before format version 3.
inline constexpr std::size_t family_count_before_3 = 8;

struct DatabaseConfig {
  std::string data_dir;
  Access access = Access::write;
  std::size_t memory_bytes = 192 * 1024 * 1024;  ///< Block cache and write buffers together.
  std::chrono::seconds dedup_window{300};
  std::chrono::seconds idempotency_window{86'400};
  const Clock* clock = &Clock::system();  ///< Whose time the windows are measured in.
  /// Traces of acknowledgements before this time may be dropped. Null: none may.
  std::shared_ptr<const std::atomic<UnixMillis>> traces_begin{};
  rocksdb::Env* env = nullptr;           ///< The seam for tests of failing disks; nullptr: the machine's.
  std::uint64_t disk_reserve_bytes = 0;  ///< See DiskReserve; 0: off.
  int open_files_max = -1;               ///< Files that RocksDB keeps open; -1: all.
};

}  // namespace triggers::store
