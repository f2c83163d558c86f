#pragma once

// Numbers of variable length in values of the store. Numbers of eight bytes are in layout.h.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::store {

/// 7 bits a byte, lowest first; the high bit is set on all bytes except the last.
inline void append_varint(std::string& out, std::size_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

/// Takes a number of at most 35 bits from the front of `rest`. Nothing if there is none.
[[nodiscard]] inline std::optional<std::size_t> take_varint(std::string_view& rest) {
  std::size_t value = 0;
  for (unsigned shift = 0; shift < 35 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    value |= static_cast<std::size_t>(byte & 127) << shift;
    if (byte < 128) return value;
  }
  return std::nullopt;
}

}  // namespace triggers::store
