#pragma once

// What happens when a flush, a compaction or a manifest fails on RocksDB's own threads. How long a family then waits is
// in compaction_backoff.h.

#include <functional>
#include <memory>
#include <string>

namespace rocksdb {
class EventListener;
}

namespace triggers::store {

class CompactionBackoff;
class DamageLog;

/// Handles failures on RocksDB's background threads. If a flush failed or a manifest could not be written, it calls
/// `stop_writes` with the reason, because promised data may not be on the disk. A failed compaction does not stop
/// writes, because its input is unchanged: it is noted as damage, and the compactions of its column family pause. All
/// three outlive the listener.
[[nodiscard]] std::shared_ptr<rocksdb::EventListener> make_failure_listener(
    std::function<void(const std::string& problem)> stop_writes, DamageLog& damage, CompactionBackoff& backoff);

}  // namespace triggers::store
