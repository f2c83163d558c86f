#pragma once

#include <memory>

namespace rocksdb {
class EventListener;
}

namespace triggers::store {

class CompactionRest;
class Database;

/// What RocksDB's background threads tell. A failed flush, or a manifest that cannot be written, stops writes
/// (Database::stop_writes): what was promised may not be on the disk. A failed compaction does not: what it read stays
/// as it is. It is noted as damage, and its family rests. Both outlive the listener.
[[nodiscard]] std::shared_ptr<rocksdb::EventListener> make_failure_listener(Database& database, CompactionRest& rest);

}  // namespace triggers::store
