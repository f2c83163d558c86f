#pragma once

#include <bit>
#include <cstdint>

namespace triggers {

/// `value` with its bytes in the order of the network, the most significant first; and back.
[[nodiscard]] constexpr std::uint64_t big_endian(std::uint64_t value) noexcept {
  return std::endian::native == std::endian::big ? value : __builtin_bswap64(value);
}

}  // namespace triggers
