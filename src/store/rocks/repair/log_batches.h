#pragma once

// Puts the batches of all logs in one order, for a repair. Applying them is in log_replay.h.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace triggers::store {

struct LogBatch {
  std::uint64_t end = 0;  ///< The number after that of its last write.
  std::uint64_t log = 0;  ///< The number in the log's name.
  std::string bytes;
};

/// Every readable batch of the logs in `directory`, by the number of its first write. Of batches with the same numbers,
/// one: a copy of a damaged log fills its holes. A log with other writes under the same numbers is of another history,
/// so only what follows the first log's end is taken. Appends to `losses` what is damaged or left out.
Result<std::map<std::uint64_t, LogBatch>> batches_of_logs(const std::string& directory,
                                                          std::vector<std::string>& losses);

}  // namespace triggers::store
