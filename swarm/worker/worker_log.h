#pragma once

// The worker's log, also for the master's web page. Printing without a master is in run/console.h.

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swarm/run/console.h"

namespace triggers::swarm {

/// The worker's log: on the console, and its newest lines for the master's web page. Not thread-safe.
class WorkerLog {
 public:
  static constexpr std::size_t lines_max = 500;

  explicit WorkerLog(Console& console) : console_(console) {}

  void debug(std::string_view text) { console_.log(LogLevel::debug, logger, text); }
  void info(std::string_view text) { log(LogLevel::info, text); }
  void warning(std::string_view text) { log(LogLevel::warning, text); }
  void error(std::string_view text) { log(LogLevel::error, text); }

  /// True once after new lines.
  [[nodiscard]] bool has_grown() noexcept { return std::exchange(grown_, false); }
  [[nodiscard]] std::vector<std::string> lines() const { return {lines_.begin(), lines_.end()}; }

 private:
  static constexpr std::string_view logger = "swarm.worker";
  void log(LogLevel level, std::string_view text);

  Console& console_;
  std::deque<std::string> lines_;
  bool grown_ = false;
};

}  // namespace triggers::swarm
