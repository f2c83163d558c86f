#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "swarm/report/status_line.h"

namespace triggers::swarm {

enum class LogLevel : std::uint8_t { debug, info, warning, error, critical };

/// `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`, in any case; nothing for another word.
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text);

/// Standard error as Locust uses it: log lines (`[2026-11-23 12:14:28,572] host/INFO/swarm.runners: text`, local time),
/// and tables, which are bare and come at every level. Standard output stays free for `--json`. Any thread.
class Console {
 public:
  explicit Console(LogLevel least = LogLevel::info) : least_(least) {}
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Log lines go to this file from now on, tables stay. False if it cannot be opened.
  bool log_to(const std::string& path);
  /// `logger` is `swarm.main`, `swarm.runners`, …: Locust's names with our first word.
  void log(LogLevel level, std::string_view logger, std::string_view text);
  void info(std::string_view logger, std::string_view text) { log(LogLevel::info, logger, text); }
  void warning(std::string_view logger, std::string_view text) { log(LogLevel::warning, logger, text); }
  void error(std::string_view logger, std::string_view text) { log(LogLevel::error, logger, text); }
  /// Text with its line ends. In this and in log lines, what would steer a terminal is escaped: see terminal_safe().
  void print(std::string_view text);
  /// One line below all other output of a terminal, drawn anew in its place; empty for none.
  void set_status(std::string_view text);
  [[nodiscard]] static bool is_terminal();
  /// Standard error is a pipe that nobody reads any more. What is written to it is lost.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  void write(std::FILE* file, std::string_view text);
  void put(std::FILE* file, std::string_view bytes);
  void draw_status(std::string_view text);

  std::mutex mutex_;
  LogLevel least_;
  std::FILE* log_file_ = nullptr;
  StatusLine status_;
  std::atomic<bool> closed_ = false;
};

}  // namespace triggers::swarm
