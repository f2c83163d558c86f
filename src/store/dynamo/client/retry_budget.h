#pragma once

// How many retries a node may make. How long to wait before one is in client.cc.

#include <atomic>

namespace triggers::store::dynamo {

/// How many retries may be made: each takes one, each success gives a tenth back. Full at the start. Any thread.
class RetryBudget {
 public:
  static constexpr int retries_max = 500;

  void succeeded() noexcept {
    // A race may add one tenth too many or too few.
    if (tenths_.load(std::memory_order_relaxed) < full) tenths_.fetch_add(1, std::memory_order_relaxed);
  }
  /// False: no retry.
  [[nodiscard]] bool take() noexcept {
    int had = tenths_.load(std::memory_order_relaxed);
    while (had >= 10) {
      if (tenths_.compare_exchange_weak(had, had - 10, std::memory_order_relaxed)) return true;
    }
    return false;
  }

 private:
  static constexpr int full = retries_max * 10;
  std::atomic<int> tenths_{full};
};

}  // namespace triggers::store::dynamo
