#pragma once

// Numbers of few bytes, for the values of items and for continuations (LEB128).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::store::dynamo {

/// Seven bits a byte, the lowest first. `value` is below 2^63.
inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

/// Takes a number off the front. Nothing if append_varint() has not made it.
inline std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace triggers::store::dynamo
