#pragma once

// How long the disk has done nothing, to find out that a resume after a shortage is stuck. How full the disk is:
// disk_space.h.

#include <chrono>
#include <cstdint>

#include "store/rocks/disk/file_watch.h"

namespace triggers::store {

/// Measures for how long the disk has finished no operation of RocksDB's and had none in progress. One thread.
///
/// A slow disk may need minutes to write large memtables, so a fixed limit for the whole would stop work that makes
/// progress.
class DiskIdleTime {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Counts from now on.
  DiskIdleTime(FileWatch::Work work, TimePoint now) : done_(work.done), moved_at_(now) {}

  /// Zero if an operation has ended since the last call, or is in progress.
  std::chrono::nanoseconds lasts(FileWatch::Work work, TimePoint now) {
    if (work.under_way > 0 || work.done != done_) moved_at_ = now;
    done_ = work.done;
    return now - moved_at_;
  }

 private:
  std::uint64_t done_;
  TimePoint moved_at_;
};

}  // namespace triggers::store
