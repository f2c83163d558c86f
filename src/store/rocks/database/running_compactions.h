#pragma once

// What running compactions may take of the disk until their input can go. Whether a compaction may begin is decided in
// database_upkeep.cc; what a failed one means, in failure_listener.h.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/mutex.h"

namespace rocksdb {
class EventListener;
}

namespace triggers::store {

/// The compactions that RocksDB runs now. Any thread.
class RunningCompactions {
 public:
  /// `begins` is called with the bytes of each compaction's input, on RocksDB's thread.
  explicit RunningCompactions(std::function<void(std::uint64_t bytes)> begins) : begins_(std::move(begins)) {}
  RunningCompactions(const RunningCompactions&) = delete;
  RunningCompactions& operator=(const RunningCompactions&) = delete;

  /// The bytes of their input. Their output takes at most about as much.
  [[nodiscard]] std::uint64_t bytes() const;

  void begin(int job, std::uint64_t bytes);
  void end(int job);

 private:
  const std::function<void(std::uint64_t)> begins_;
  mutable Mutex mutex_;
  std::map<int, std::uint64_t> bytes_by_job_ GUARDED_BY(mutex_);
};

/// Tells `running`, which outlives the listener.
[[nodiscard]] std::shared_ptr<rocksdb::EventListener> make_compaction_listener(RunningCompactions& running);

}  // namespace triggers::store
