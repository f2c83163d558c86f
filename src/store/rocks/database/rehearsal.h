#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks/database/database_config.h"

namespace triggers::store {

/// Of table files' bytes, how many a start reads to compare their checksums, newest files first. The checksums of
/// their blocks are compared whenever one is read.
inline constexpr std::uint64_t table_check_bytes_max = std::uint64_t{256} * 1024 * 1024;
/// Of unacknowledged events, up to how many a start counts after it was not stopped cleanly.
inline constexpr std::uint64_t counted_max = 200'000;

struct Rehearsal {
  std::uint64_t sequence = 0;    ///< The newest write that was found.
  std::uint64_t oldest_log = 0;  ///< What is in an older log is in tables.
  std::vector<std::string> problems;
};

/// Opens the database for reading only, as a start would find it, and closes it again. Writes nothing. Compares tables
/// with their checksums, and the counters of inboxes with their entries if there are at most `count_max` of these.
/// `unavailable` if it cannot be opened so.
Result<Rehearsal> rehearse(const DatabaseConfig& config, std::uint64_t count_max);

}  // namespace triggers::store
