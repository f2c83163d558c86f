#pragma once

// The log of requests, on standard output. Everything else is in log.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "log/log.h"

namespace triggers::log {

/// One answered request. Views: for the call only.
struct AccessEntry {
  UnixMillis time{};
  std::string_view request_id;
  std::string_view method;
  std::string_view route;  ///< As the router knows it (`/events/{id}`), never the raw target: ids and queries stay out.
  unsigned status = 0;
  std::chrono::nanoseconds duration{0};
  std::size_t bytes_in = 0, bytes_out = 0;
  std::string_view key_id;  ///< Left out of the line if empty, as are the next two.
  std::string_view user_id;
  std::string_view client;  ///< Address.
};

/// Writes a line for each request, as JSON or for a person, without ever making a request wait.
///
/// Each thread formats into its own buffer (some 0.3 us). A thread of the log takes the buffers at 32 KiB, or every 200
/// ms, and writes each with one call (a pipe gets pieces of whole lines of at most 4 KiB, which are atomic). If the
/// reader does not read and 4 MiB wait, further lines are dropped and counted. The log says so once the reader
/// continues.
class AccessLog {
 public:
  static constexpr std::size_t buffer_bytes = 32 * 1024;
  static constexpr std::size_t waiting_bytes_max = 4 * 1024 * 1024;
  static constexpr std::chrono::milliseconds flush_interval{200};

  /// Writes to `descriptor`, which stays the caller's and must outlive this. Starts a thread.
  explicit AccessLog(int descriptor = 1, Format format = Format::json);
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  /// Writes what is left, for at most a second; call no write() any more.
  ~AccessLog();

  /// Any thread. Never blocks on the descriptor; never throws.
  void write(const AccessEntry& entry) noexcept;
  /// Hands all buffers over and waits until they are written, or `patience` is over. True if all is written.
  bool flush(std::chrono::milliseconds patience);
  /// Lines that were dropped since the start.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace triggers::log
