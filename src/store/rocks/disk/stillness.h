#pragma once

#include <chrono>
#include <cstdint>

#include "store/rocks/disk/file_watch.h"

namespace triggers::store {

/// Measures for how long no operation has ended that RocksDB asked of the disk. One thread.
///
/// A slow disk may need minutes to write large memtables, so a fixed limit for the whole would end work that goes well.
class Stillness {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Counts from now on.
  Stillness(FileWatch::Work work, TimePoint now) : done_(work.done), moved_at_(now) {}

  /// An operation that has ended since the last call, or that the disk has not answered yet, is a movement.
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
