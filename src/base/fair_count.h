#pragma once

// Divides a limited number of places fairly among tenants, without a lock or an allocation. Memory is divided by
// fair_budget.h, waiting work by fair_queue.h.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/random.h"

namespace triggers {

/// Places that many holders (tenants) take, up to a limit. A holder takes at most half of what the others leave, but
/// always one place if any is free. Any thread.
///
/// Holders that a seeded hash maps to the same of 1,024 counters have one share together. While several threads take
/// places at once, a share may be a few places off; the limit of all is exact.
class FairCount {
 public:
  explicit FairCount(std::size_t places_max) : FairCount(places_max, random_u64()) {}
  /// With a seed that a test chooses, so that its holders have a counter each.
  FairCount(std::size_t places_max, std::uint64_t seed) : places_max_(places_max), seed_(seed) {}
  FairCount(const FairCount&) = delete;
  FairCount& operator=(const FairCount&) = delete;

  enum class Outcome : std::uint8_t { taken, none_free, share_used };

  /// One place, or none. The destructor gives it back; the count outlives it.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : of_(std::exchange(other.of_, nullptr)), counter_(other.counter_) {}
    Place& operator=(Place&& other) noexcept;
    ~Place() { give_back(); }

    [[nodiscard]] bool taken() const noexcept { return of_ != nullptr; }

   private:
    friend class FairCount;
    void give_back() noexcept;

    FairCount* of_ = nullptr;
    std::atomic<std::size_t>* counter_ = nullptr;
  };

  /// Fills `place`, which holds none yet, if there is room for the holder.
  [[nodiscard]] Outcome take(std::string_view holder, Place& place) noexcept;

  [[nodiscard]] std::size_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t places_max() const noexcept { return places_max_; }
  /// How often a holder got no place.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t counter_count = 1024;

  const std::size_t places_max_, seed_;
  std::atomic<std::size_t> taken_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::array<std::atomic<std::size_t>, counter_count> counters_{};
};

}  // namespace triggers
