#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace triggers::store {

/// What of a store could not be read: counted, and kept until somebody writes it into the log. Any thread.
class DamageLog {
 public:
  /// Messages that wait for take(); of more only the count is kept.
  static constexpr std::size_t messages_max = 16;

  void note(const std::string& message) noexcept;
  /// Every note() so far.
  [[nodiscard]] std::uint64_t count() const noexcept;
  /// The different messages since the last call, oldest first.
  [[nodiscard]] std::vector<std::string> take();

 private:
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::vector<std::string> messages_;
};

}  // namespace triggers::store
