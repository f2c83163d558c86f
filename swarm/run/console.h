#pragma once

// Where swarm writes for people: log lines in Locust's form (to standard error or the log file), whole texts such as
// tables, and the status line. The tables' texts are in report/console_tables.h; what the status line says is in
// report/progress.h; escaping is in terminal_text.h.

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "swarm/report/status_line.h"

namespace triggers::swarm {

enum class LogLevel : std::uint8_t { debug, info, warning, error, critical };

/// `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`, in any case; nothing for another word.
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text);

/// Standard error, used as Locust does: log lines (`[2026-11-23 12:14:28,572] host/INFO/swarm.runners: text`, local
/// time), and plain tables at every log level. Standard output is reserved for `--json`. Thread-safe.
class Console {
 public:
  static constexpr std::size_t lines_kept = 500;

  explicit Console(LogLevel least = LogLevel::info) : least_(least) {}
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Writes log lines to this file from now on; tables stay on standard error. False if it cannot be opened.
  bool log_to(const std::string& path);
  /// `logger` is `swarm.main`, `swarm.runners`, …: like Locust's names.
  void log(LogLevel level, std::string_view logger, std::string_view text);
  void info(std::string_view logger, std::string_view text) { log(LogLevel::info, logger, text); }
  void warning(std::string_view logger, std::string_view text) { log(LogLevel::warning, logger, text); }
  void error(std::string_view logger, std::string_view text) { log(LogLevel::error, logger, text); }
  /// The newest lines of the log, at most `lines_kept`, oldest first.
  [[nodiscard]] std::vector<std::string> newest_lines();
  /// Prints whole lines. Here and in log lines, control characters are escaped: see terminal_safe().
  void print(std::string_view text);
  /// Shows one line below all other output of a terminal, redrawn in place. Empty removes it.
  void set_status(std::string_view text);
  [[nodiscard]] static bool is_terminal();
  /// True if standard error is a pipe without a reader. Output is lost.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  void write(std::FILE* file, std::string_view text) REQUIRES(mutex_);
  void put(std::FILE* file, std::string_view bytes);
  void draw_status(std::string_view text) REQUIRES(mutex_);

  Mutex mutex_;
  LogLevel least_;
  std::FILE* log_file_ GUARDED_BY(mutex_) = nullptr;
  StatusLine status_ GUARDED_BY(mutex_);
  std::deque<std::string> newest_ GUARDED_BY(mutex_);
  std::atomic<bool> closed_ = false;
};

}  // namespace triggers::swarm
