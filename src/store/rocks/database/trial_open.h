#pragma once

// Opens a database for reading only, to see what a start would find, and compares tables with checksums and counters
// with entries. store_check.h uses it after an unclean stop.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks/database/database_config.h"

namespace rocksdb {
class DB;
}

namespace triggers::store {

/// How many bytes of table files a start reads to compare their checksums, newest files first. Blocks of the others are
/// checked when they are read.
inline constexpr std::uint64_t table_check_bytes_max = std::uint64_t{256} * 1024 * 1024;
/// After an unclean stop, a start counts unacknowledged events if there are at most this many.
inline constexpr std::uint64_t counted_max = 200'000;

/// What open_for_trial() found.
struct TrialOpen {
  std::uint64_t sequence = 0;    ///< The newest write that was found.
  std::uint64_t oldest_log = 0;  ///< The data of older logs is in tables.
  std::vector<std::string> problems;
};

/// Opens the first `families` of the database for reading only, in the state that a start would find, and closes it
/// again. Writes nothing. Compares tables with their checksums, and the counters of inboxes with their entries if there
/// are at most `count_max` entries. Error: `unavailable` if the database cannot be opened.
Result<TrialOpen> open_for_trial(const DatabaseConfig& config, std::size_t families, std::uint64_t count_max);

/// Adds what is wrong with the newest tables of an open database.
void check_tables(const DatabaseConfig& config, rocksdb::DB& db, std::vector<std::string>& problems);

}  // namespace triggers::store
