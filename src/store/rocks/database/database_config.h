#pragma once

// Where the database is and how it is opened, and the names of its column families. The RocksDB options that follow
// from it are in database_options.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "store/access.h"

namespace rocksdb {
class Env;
}

namespace triggers::store {

/// The column families, in the order in which they are opened. docs/storage-format.md says what each holds.
enum class Family : std::uint8_t { meta, events, pending, acknowledged, expiry, dedup, idempotency, keys };
inline constexpr std::size_t family_count = 8;

struct DatabaseConfig {
  std::string data_dir;
  Access access = Access::write;
  std::size_t memory_bytes = 192 * 1024 * 1024;  ///< Block cache and write buffers together.
  std::chrono::seconds dedup_window{300};
  std::chrono::seconds idempotency_window{86'400};
  const Clock* clock = &Clock::system();  ///< Whose time the windows are measured in.
  rocksdb::Env* env = nullptr;            ///< The seam for tests of failing disks; nullptr: the machine's.
  int open_files_max = -1;                ///< Files that RocksDB keeps open; -1: all.
};

}  // namespace triggers::store
