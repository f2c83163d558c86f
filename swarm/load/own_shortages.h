#pragma once

// What the generator's own machine lacked for its connections. What all limits of the generator together say about a
// test is in report/generator_limits.h.

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace triggers::swarm {

/// Requests and connections that failed because of this machine, not because of the service.
struct Shortages {
  std::uint64_t descriptors = 0;
  std::uint64_t ports = 0;
  std::uint64_t memory = 0;
};

/// Counts them. Thread-safe.
class ShortageCount {
 public:
  /// True if this error of socket() or connect() is the machine's own; then it is counted.
  bool count(int error) noexcept {
    switch (error) {
      case EMFILE:
      case ENFILE: descriptors_.fetch_add(1, std::memory_order_relaxed); return true;
      case EADDRNOTAVAIL: ports_.fetch_add(1, std::memory_order_relaxed); return true;
      case ENOBUFS:
      case ENOMEM: count_memory(); return true;
      default: return false;
    }
  }
  void count_memory() noexcept { memory_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] Shortages read() const noexcept {
    return {.descriptors = descriptors_.load(std::memory_order_relaxed),
            .ports = ports_.load(std::memory_order_relaxed),
            .memory = memory_.load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<std::uint64_t> descriptors_ = 0, ports_ = 0, memory_ = 0;
};

}  // namespace triggers::swarm
