#pragma once

#include <functional>
#include <memory>
#include <string>

namespace rocksdb {
class EventListener;
}

namespace triggers::store {

class CompactionRest;
class DamageLog;

/// Reports what fails on RocksDB's background threads. A flush that failed, or a manifest that could not be written,
/// calls `stop_writes` with the reason: what was promised may not be on the disk. A failed compaction does not, because
/// its input is unchanged: it is noted as damage, and its column family rests. All three outlive the listener.
[[nodiscard]] std::shared_ptr<rocksdb::EventListener> make_failure_listener(
    std::function<void(const std::string& problem)> stop_writes, DamageLog& damage, CompactionRest& rest);

}  // namespace triggers::store
