#pragma once

// How many tasks a test may still begin, if --iterations limits them. Who begins them is in load_thread.h.

#include <atomic>
#include <cstdint>
#include <optional>

namespace triggers::swarm {

/// The tasks of all users of a test together. Thread-safe.
class TaskBudget {
 public:
  explicit TaskBudget(std::optional<std::uint64_t> tasks) : limited_(tasks.has_value()), left_(tasks.value_or(0)) {}

  /// False if no task is left. Otherwise the caller begins one, and calls done() when it has ended, however it ended.
  bool take() noexcept {
    if (!limited_) return true;
    running_.fetch_add(1);  // before it is taken, so that used_up() never misses it
    for (std::uint64_t left = left_.load(); left > 0;) {
      if (left_.compare_exchange_weak(left, left - 1)) return true;
    }
    running_.fetch_sub(1);
    return false;
  }
  void done() noexcept {
    if (limited_) running_.fetch_sub(1);
  }
  [[nodiscard]] bool is_limited() const noexcept { return limited_; }
  [[nodiscard]] std::uint64_t left() const noexcept { return left_.load(); }
  /// True once all tasks have ended.
  [[nodiscard]] bool used_up() const noexcept { return limited_ && left() == 0 && running_.load() == 0; }

 private:
  const bool limited_;
  std::atomic<std::uint64_t> left_;
  std::atomic<std::uint64_t> running_ = 0;
};

}  // namespace triggers::swarm
