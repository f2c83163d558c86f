#pragma once

// Opens a database for reading only, to see what a start would find. store_check.h uses it after an unclean stop.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks/database/database_config.h"

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

/// Opens the database for reading only, in the state that a start would find, and closes it again. Writes nothing.
/// Compares tables with their checksums, and the counters of inboxes with their entries if there are at most
/// `count_max` entries. Error: `unavailable` if the database cannot be opened.
Result<TrialOpen> open_for_trial(const DatabaseConfig& config, std::uint64_t count_max);

}  // namespace triggers::store
