#pragma once

// Writes the lines of several threads into one file, on a thread of its own, so that a slow disk delays no load. The
// waiting lines of one thread are in line_buffer.h; what the lines of a journal say is in journal.h.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/unique_fd.h"
#include "swarm/verify/line_buffer.h"

namespace triggers::swarm {

/// What a file lacks, or how late it is.
struct WriterHealth {
  std::uint64_t lost_lines = 0;             ///< Added and not written, because there was no room for them.
  std::optional<int> error;                 ///< errno of a failed write; nothing was written since.
  std::chrono::nanoseconds longest_wait{};  ///< From when a line was added to when it was written.
};

/// Lines are in the file in the order in which they were added, whichever threads added them. A line is written within
/// 100 ms unless the disk is slow. Thread-safe.
class OrderedWriter {
 public:
  /// The limit on the waiting lines of each thread that adds some. A batch that is being written needs twice as much
  /// beside them.
  static constexpr std::size_t waiting_bytes_max = 16 << 20;

  /// `file` is open for appending.
  explicit OrderedWriter(UniqueFd file, std::size_t bytes_max = waiting_bytes_max);
  OrderedWriter(const OrderedWriter&) = delete;
  OrderedWriter& operator=(const OrderedWriter&) = delete;
  /// Calls finish() without a last line.
  ~OrderedWriter();

  /// Adds a line, which ends with a line feed. Never waits for the disk: once the disk is so slow that a thread has no
  /// room left, this line and all further ones of all threads are lost and counted.
  void add(std::string_view line);
  /// Writes all waiting lines and, if nothing was lost, `last_line`. Waits for the disk. Lines that are added later are
  /// lost.
  void finish(std::string_view last_line);
  [[nodiscard]] WriterHealth health() const;

 private:
  struct ThreadLines {
    explicit ThreadLines(std::size_t bytes_max) : buffer(bytes_max) {}
    const std::thread::id thread = std::this_thread::get_id();
    LineBuffer buffer;
  };

  LineBuffer& buffer_of_this_thread();
  void run();
  void write_until(LineTime until);
  void drop_taken();
  void write(std::string_view text);
  void close_all();

  const UniqueFd file_;
  const std::size_t bytes_max_;
  const std::uint64_t number_;  // among all writers of the process, to find a thread's buffer
  mutable Mutex mutex_;
  Condition wake_;
  std::deque<ThreadLines> threads_ GUARDED_BY(mutex_);  // those that have added a line
  bool ending_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;  // lines are only counted
  std::optional<int> error_ GUARDED_BY(mutex_) = std::nullopt;
  std::chrono::nanoseconds longest_wait_ GUARDED_BY(mutex_){};
  std::uint64_t cut_lines_ GUARDED_BY(mutex_) = 0;  // kept by a thread after another one had lost a line
  std::vector<TimedLines> taken_;                   // the writer's thread's, in the order of threads_
  std::thread thread_;                              // last: it uses all of the above
};

}  // namespace triggers::swarm
