#pragma once

// Finds the end of the plain part of a JSON string, many bytes at a time. Only json_cursor.h and the writer of strings
// need it.

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace triggers::event {

/// The first byte in [at, end) that a JSON string cannot hold as it is (RFC 8259, section 7): a quote, a backslash, or
/// a control character below 0x20; `end` if there is none.
inline const char* find_string_special(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i special =
        _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const int mask = _mm_movemask_epi8(special);
    if (mask != 0) return at + std::countr_zero(static_cast<unsigned>(mask));
  }
#endif
  static_assert(std::endian::native == std::endian::little, "the lowest marked byte must be the first");
  constexpr std::uint64_t ones = 0x0101010101010101, high_bits = ones * 0x80;
  const auto zero_bytes = [](std::uint64_t word) { return (word - ones) & ~word; };
  for (; end - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    // A borrow may mark a byte wrongly, but only above one that is marked rightly: the lowest mark is exact.
    const std::uint64_t special =
        (((word - ones * 0x20) & ~word) | zero_bytes(word ^ ones * '"') | zero_bytes(word ^ ones * '\\')) & high_bits;
    if (special != 0) return at + std::countr_zero(special) / 8;
  }
  for (; at != end; ++at) {
    if (static_cast<unsigned char>(*at) < 0x20 || *at == '"' || *at == '\\') break;
  }
  return at;
}

}  // namespace triggers::event
