#pragma once

// Fast random numbers for waits and weights. Secrets come from base/random.h.

#include <array>
#include <bit>
#include <cstdint>

#include "base/random.h"

namespace triggers::swarm {

/// xoshiro256** (Blackman and Vigna, 2018), seeded from the kernel: fast, and never for secrets. Not thread-safe.
class Random {
 public:
  using result_type = std::uint64_t;

  Random() {
    for (auto& word : state_) word = random_u64();
  }

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return ~result_type{0}; }

  result_type operator()() noexcept {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Uniform in [0, 1).
  double unit() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }
  /// Uniform in [0, below); `below` is at least 1.
  std::size_t index(std::size_t below) noexcept {
    return static_cast<std::size_t>(unit() * static_cast<double>(below));
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace triggers::swarm
