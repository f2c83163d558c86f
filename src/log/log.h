#pragma once

// The log of the service, on standard error: what its operator should know. Requests are in access_log.h. What a
// command prints as its result goes to standard output: apps/triggers/output.h.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "log/field.h"

namespace triggers::log {

/// The least level that is written; info at the start. Any thread.
void set_level(Level level) noexcept;
[[nodiscard]] bool enabled(Level level) noexcept;
/// JSON at the start. Looks at standard error once, now.
void set_format(Format format) noexcept;

/// Writes one line to standard error: `time`, `level`, `event` (a snake_case name that a machine can look for), then
/// the fields; a field `message` is for a person. Text is escaped, what is not UTF-8 becomes U+FFFD, and what is longer
/// than 4 KiB is cut. Never throws. Any thread; lines are never mixed.
///
/// Never blocks while a Background lives. Without one it waits at most a second for a reader that does not read, and
/// then drops lines until the reader continues.
void write(Level level, std::string_view event, Fields fields = {}) noexcept;

/// Writes `text` and a line's end to standard error as they are, in order with the lines of the log: what a command
/// says to a person. Otherwise as write().
void say(std::string_view text) noexcept;

/// Waits until everything is written, or `patience` is over. True if all is written.
bool flush(std::chrono::milliseconds patience);
/// Lines that were dropped since the start.
[[nodiscard]] std::uint64_t dropped() noexcept;

/// While it lives, a thread of its own writes the lines: at most 1 MiB waits; further lines are dropped and counted,
/// and the log says so once the reader continues. One at a time. A broken invariant writes what waits before it aborts,
/// for at most 200 ms.
class Background {
 public:
  Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  /// Writes the waiting lines, for at most a second. Other threads may continue to log.
  ~Background();
};

inline void debug(std::string_view event, Fields fields = {}) noexcept {
  if (enabled(Level::debug)) write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) noexcept { write(Level::info, event, fields); }
inline void warning(std::string_view event, Fields fields = {}) noexcept { write(Level::warning, event, fields); }
inline void error(std::string_view event, Fields fields = {}) noexcept { write(Level::error, event, fields); }

}  // namespace triggers::log
