#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>

namespace triggers::store {

/// What each tenant has in a bounded queue, so that none of them can fill it: a tenant has at most half of what the
/// others leave, and always one operation. As base/fair_budget.h, but for the path of every write: no lock, no memory
/// that grows. Tenants that a seeded hash puts on one of the counters share its part.
class QueueShares {
 public:
  QueueShares(std::size_t operations_max, std::size_t bytes_max);

  /// Counts an operation. False, and it is not counted, if the tenant has its part already. `operations` and
  /// `bytes_all` are what the whole queue held before.
  [[nodiscard]] bool take(std::string_view tenant, std::size_t bytes, std::size_t operations,
                          std::size_t bytes_all) noexcept;
  void give_back(std::string_view tenant, std::size_t bytes) noexcept;

 private:
  struct Counter {
    std::atomic<std::size_t> operations{0}, bytes{0};
  };
  static constexpr std::size_t counter_count = 1024;

  [[nodiscard]] Counter& counter_of(std::string_view tenant) noexcept;

  const std::size_t operations_max_, bytes_max_, seed_;
  std::array<Counter, counter_count> counters_;
};

}  // namespace triggers::store
