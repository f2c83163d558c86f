#pragma once

#include <memory>
#include <string>

namespace rocksdb {
class Logger;
}

namespace triggers::store {

/// RocksDB's own log: warnings and errors, in `directory`/LOG. Over 4 MiB it becomes LOG.old, and a new one begins.
///
/// RocksDB's logger is not used, because its assertion ends the process at the second line that a full disk does not
/// take. Here such a line is lost. Any thread.
[[nodiscard]] std::shared_ptr<rocksdb::Logger> make_info_log(const std::string& directory);

}  // namespace triggers::store
