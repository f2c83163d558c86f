#pragma once

// Lets a command that runs for long end in good order: SIGINT and SIGTERM set a flag that its waits look at. The
// signals of the server are in serve.cc.

#include <chrono>
#include <cstdint>

#include "base/unique_fd.h"

namespace triggers {

/// Catches the first SIGINT or SIGTERM of the process. A second one ends the process, as without this class. At most
/// one object exists at a time.
class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  [[nodiscard]] bool requested() const noexcept;
  /// Sleeps for `time`. False if a signal arrived, before or meanwhile.
  [[nodiscard]] bool wait(std::chrono::milliseconds time) const;

  enum class Ready : std::uint8_t { readable, timed_out, interrupted };
  /// Waits until `fd` can be read, has ended or has failed, at most until `deadline`.
  [[nodiscard]] Ready wait_readable(int fd, std::chrono::steady_clock::time_point deadline) const;

 private:
  UniqueFd signalled_;  // An eventfd, readable after a signal, so that poll() misses none.
};

}  // namespace triggers
