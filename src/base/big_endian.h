#pragma once

// Numbers as big-endian bytes. Hexadecimal and base64 are in encoding.h.

#include <bit>
#include <cstdint>

namespace triggers {

/// Converts between the machine's byte order and big-endian, the most significant byte first.
[[nodiscard]] constexpr std::uint64_t big_endian(std::uint64_t value) noexcept {
  return std::endian::native == std::endian::big ? value : __builtin_bswap64(value);
}

}  // namespace triggers
