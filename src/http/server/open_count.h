#pragma once

// A counted place among the open connections. The limit, and what happens at it, is in server.cc.

#include <atomic>
#include <cstddef>
#include <utility>

namespace triggers::http {

/// Counts one connection in a counter of open ones while it exists. Move-only.
class OpenCount {
 public:
  explicit OpenCount(std::atomic<std::size_t>& counter) noexcept : counter_(&counter) { ++*counter_; }
  OpenCount(OpenCount&& other) noexcept : counter_(std::exchange(other.counter_, nullptr)) {}
  OpenCount& operator=(OpenCount&&) = delete;
  /// Swaps the counters in which the two connections are counted.
  void swap(OpenCount& other) noexcept { std::swap(counter_, other.counter_); }
  ~OpenCount() {
    if (counter_ != nullptr) --*counter_;
  }

 private:
  std::atomic<std::size_t>* counter_;
};

}  // namespace triggers::http
