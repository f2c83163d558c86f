#pragma once

#include <string>

#include "base/result.h"

namespace triggers::store {

/// Looks for damage in the write-ahead logs of a database in `directory` that nobody has open.
///
/// RocksDB replays a log up to the first record that it cannot read, and takes that for what a crash has torn. But the
/// committer begins a batch only when the one before it was synced, so behind a torn batch there is nothing: a batch
/// that begins behind an unreadable record proves that something which was synced, and answered, is damaged. Damage in
/// the newest batch cannot be told from a crash.
///
/// Error: `unavailable`, with the log's name and the byte from which on it cannot be read.
Status check_logs(const std::string& directory);

}  // namespace triggers::store
