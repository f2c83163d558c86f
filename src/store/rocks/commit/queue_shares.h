#pragma once

// How much of the commit queue each tenant may fill. In which order waiting operations are taken is in tenant_turns.h.

#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>

namespace triggers::store {

/// The share of each tenant in a bounded queue, so that no tenant can fill it: at most half of what the others leave,
/// and always one operation. It follows base/fair_budget.h, but is on the path of every write: no lock, and constant
/// memory. Tenants that a seeded hash maps to the same counter have one share together.
class QueueShares {
 public:
  QueueShares(std::size_t operations_max, std::size_t bytes_max);

  /// Counts an operation. Returns false without counting it if the tenant has used its share. `operations` and
  /// `bytes_all` are what the whole queue held before.
  [[nodiscard]] bool take(std::string_view tenant, std::size_t bytes, std::size_t operations,
                          std::size_t bytes_all) noexcept;
  void give_back(std::string_view tenant, std::size_t bytes) noexcept;
  /// Of an operation that stays.
  void give_back_bytes(std::string_view tenant, std::size_t bytes) noexcept;

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
