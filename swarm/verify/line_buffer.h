#pragma once

// The lines that one thread has added to a file and that are not written yet, and the order in which the lines of
// several threads are written. The thread that writes them is in ordered_writer.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace triggers::swarm {

using LineTime = std::chrono::steady_clock::time_point;

/// Lines with the time at which each was added, in that order.
struct TimedLines {
  struct Line {
    LineTime added;
    std::size_t bytes;
  };
  std::string text;
  std::vector<Line> lines;
  LineTime whole_until = LineTime::max();  ///< When the first line was added that is not here.

  void add(std::string_view line, LineTime now) {
    text += line;
    lines.push_back({now, line.size()});
  }
};

/// One thread adds lines, another takes them. The lock is contended only while they are taken. Memory is bounded: from
/// the first line that has no room on, lines are counted and not kept, so that what is kept has no gap.
class LineBuffer {
 public:
  explicit LineBuffer(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// The line ends with a line feed. False for the first line that has no room.
  bool add(std::string_view line);
  /// All lines since the last call.
  [[nodiscard]] TimedLines take();
  /// From now on, lines are only counted.
  void close();
  /// Lines that were not kept.
  [[nodiscard]] std::uint64_t lost() const;

 private:
  const std::size_t bytes_max_;
  mutable Mutex mutex_;
  TimedLines waiting_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  std::uint64_t lost_ GUARDED_BY(mutex_) = 0;
  LineTime lost_from_ GUARDED_BY(mutex_) = LineTime::max();
};

/// Appends the lines of all threads that were added before `until` to `out`, in the order of their times, and leaves
/// the others. So each prefix of a file has everything up to one moment, whichever threads added it.
void merge_lines(std::span<TimedLines> threads, LineTime until, std::string& out);

}  // namespace triggers::swarm
