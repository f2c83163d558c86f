#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks/database/database_config.h"
#include "store/rocks/disk/format_file.h"
#include "store/rocks/disk/witness.h"

namespace triggers::store {

/// Looks whether everything is there that a store must have, before anything is opened for writing. Changes nothing.
/// Nobody else may have the database open.
///
/// After a clean stop every file must be as the inventory says. After anything else the witness says how far the logs
/// and the manifest must reach, and the database is opened once for reading only, to look at its tables. What a torn
/// log loses is said in the log.
///
/// The record is what the files are now: where a new witness begins.
/// Error: `unavailable`, with all that is wrong, what can still be read, and what to do.
Result<WitnessRecord> check_store(const DatabaseConfig& config, const FormatFile& format);

/// What is wrong, a line each; empty if check_store() would not refuse it.
[[nodiscard]] std::vector<std::string> store_problems(const DatabaseConfig& config, const FormatFile& format);

/// The refusal of a store that has `problems`.
[[nodiscard]] Error damaged(const std::string& data_dir, const std::vector<std::string>& problems);

}  // namespace triggers::store
