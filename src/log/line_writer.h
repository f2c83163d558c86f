#pragma once

// The queue and the thread that both logs write through. Which lines there are is in log.h and access_log.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace triggers::log {

/// A bounded queue of lines and the thread that writes them: a thread that logs never waits for the log's reader.
///
/// If the reader does not read and `waiting_bytes_max` wait, further lines are dropped and counted. The writer says so
/// in their place once the reader continues.
class LineWriter {
 public:
  struct Config {
    std::string thread_name;
    std::size_t waiting_bytes_max = 0;
    /// The line, with its end, that says how many lines were dropped.
    std::function<std::string(std::uint64_t lines)> tell_dropped;
    /// Called on the writer's thread every flush_interval, to push what waits elsewhere. Empty: nothing does.
    std::function<void()> collect;
    std::chrono::milliseconds flush_interval{200};
  };
  static constexpr std::chrono::milliseconds patience_at_end{1000};

  /// Writes to `descriptor`, which stays the caller's and must outlive this. Starts a thread, which takes no signals.
  LineWriter(int descriptor, Config config);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  /// Calls finish() unless it was called.
  ~LineWriter();

  /// Takes `lines` whole lines out of `text` and leaves it empty. Any thread; never blocks on the descriptor.
  void push(std::string& text, std::uint64_t lines) noexcept;
  /// Waits until everything is written, or `patience` is over. True if all is written.
  bool flush(std::chrono::milliseconds patience);
  /// Writes the waiting lines, for at most patience_at_end, and drops the rest. dropped() is final afterwards. Call it
  /// once, and push() no more.
  void finish();
  void count_dropped(std::uint64_t lines) noexcept;
  /// Lines that were dropped since the start.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace triggers::log
