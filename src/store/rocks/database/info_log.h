#pragma once

// RocksDB's own log file. The log of the service is in src/log.

#include <memory>
#include <string>

namespace rocksdb {
class Logger;
}

namespace triggers::store {

/// RocksDB's own log: warnings and errors, in `directory`/LOG. Over 4 MiB it becomes LOG.old, and a new one begins.
///
/// RocksDB's own logger aborts the process when a full disk rejects its second line. This one drops such a line. Any
/// thread.
[[nodiscard]] std::shared_ptr<rocksdb::Logger> make_info_log(const std::string& directory);

}  // namespace triggers::store
