#pragma once

// Collects what could not be read, for the metrics and the log. It detects nothing itself: the readers of records and
// tables report to it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/mutex.h"

namespace triggers::store {

/// Counts the parts of a store that could not be read, and keeps messages until they are written into the log. Any
/// thread.
class DamageLog {
 public:
  /// Limit on messages that wait for take(); further ones are only counted.
  static constexpr std::size_t messages_max = 16;

  void note(const std::string& message) noexcept;
  /// The number of note() calls so far.
  [[nodiscard]] std::uint64_t count() const noexcept;
  /// The different messages since the last call, oldest first.
  [[nodiscard]] std::vector<std::string> take();

 private:
  mutable Mutex mutex_;
  std::uint64_t count_ GUARDED_BY(mutex_) = 0;
  std::vector<std::string> messages_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store
