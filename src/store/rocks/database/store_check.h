#pragma once

// The checks before a store is opened, or repaired: is every promised file there and whole? It also makes the error
// about what is damaged. The checks while it is open are in disk/directory_guard.h and disk/table_size_check.h.

#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks/database/database_config.h"
#include "store/rocks/disk/format_file.h"
#include "store/rocks/disk/witness.h"

namespace triggers::store {

/// How many families the database surely has, of the front of Family. One that is being migrated may have more, which
/// are empty.
[[nodiscard]] std::size_t families_of(const FormatFile& format) noexcept;

/// Checks that a store is complete before anything is opened for writing. Changes nothing. Nobody else may have the
/// database open.
///
/// After a clean stop every file must match the inventory. After any other stop, the witness says how far the logs and
/// the manifest must reach, and the database is opened once for reading only, to check its tables. The log reports the
/// torn end of a write-ahead log.
///
/// The record describes the files as they are now; a new witness begins with it. Error: `unavailable`, with all that is
/// wrong, what can still be read, and what to do.
Result<WitnessRecord> check_store(const DatabaseConfig& config, const FormatFile& format);

/// `unavailable` if this user may not read a file of the store: that is no damage.
Status expect_readable(const std::string& data_dir);

/// For store_problems(), of a store whose FORMAT cannot be read: the id and the version are not compared.
[[nodiscard]] FormatFile guessed_format(const std::string& data_dir);

/// What is wrong, a line each; empty if check_store() would not refuse it.
[[nodiscard]] std::vector<std::string> store_problems(const DatabaseConfig& config, const FormatFile& format);

/// The refusal of a store that has `problems`.
[[nodiscard]] Error damaged(const std::string& data_dir, const std::vector<std::string>& problems);

}  // namespace triggers::store
