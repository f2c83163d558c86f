#include "base/uuid7.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/big_endian.h"
#include "base/encoding.h"
#include "base/invariant.h"
#include "base/random.h"

namespace triggers {
namespace {

// The layout of RFC 9562: 48 bits of time, 4 of version, 12 of rand_a, 2 of variant, 62 of rand_b.
constexpr std::uint64_t version_bits = 0x7000;
constexpr std::uint64_t variant_bits = 0x8000'0000'0000'0000;
constexpr std::uint64_t rand_a_mask = 0x0fff;
constexpr std::uint64_t rand_b_mask = 0x3fff'ffff'ffff'ffff;
constexpr std::array<int, 16> dash_before = {0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0};

/// The hexadecimal digits of all 16 bytes at once: every answer has an id or two.
std::array<char, 32> hex_digits(const std::array<unsigned char, 16>& bytes) {
  using Lanes = std::uint8_t __attribute__((vector_size(16)));
  Lanes value;
  std::memcpy(&value, bytes.data(), sizeof value);
  const Lanes high = value >> 4;
  const Lanes low = value & 15;
  const Lanes left = __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const Lanes right = __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const auto digits_of = [](Lanes nibbles) {
    const auto is_letter = reinterpret_cast<Lanes>(nibbles > 9);
    return nibbles + '0' + (is_letter & ('a' - '0' - 10));
  };
  const std::array<Lanes, 2> digits = {digits_of(left), digits_of(right)};
  return std::bit_cast<std::array<char, 32>>(digits);
}

std::uint64_t load(const unsigned char* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return big_endian(value);
}

void store(unsigned char* bytes, std::uint64_t value) {
  value = big_endian(value);
  std::memcpy(bytes, &value, sizeof value);
}

Uuid7 assemble(std::uint64_t time_ms, std::uint64_t rand_a, std::uint64_t rand_b) {
  Uuid7 id;
  store(id.bytes.data(), time_ms << 16 | version_bits | rand_a);
  store(id.bytes.data() + 8, variant_bits | rand_b);
  return id;
}

}  // namespace

UnixMillis Uuid7::time() const noexcept {
  return UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(load(bytes.data()) >> 16)}};
}

void Uuid7::append_text(std::string& out) const {
  std::array<char, 36> text;
  const auto digits = hex_digits(bytes);
  std::memcpy(&text[0], &digits[0], 8);
  std::memcpy(&text[9], &digits[8], 4);
  std::memcpy(&text[14], &digits[12], 4);
  std::memcpy(&text[19], &digits[16], 4);
  std::memcpy(&text[24], &digits[20], 12);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text[dash] = '-';
  out.append(text.data(), text.size());
}

std::string Uuid7::text() const {
  std::string out;
  append_text(out);
  return out;
}

std::optional<Uuid7> Uuid7::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid7 id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (dash_before[i] != 0 && text[at++] != '-') return std::nullopt;
    const int high = hex_value(text[at++]);
    const int low = hex_value(text[at++]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<unsigned char>(high * 16 + low);
  }
  if (id.bytes[6] >> 4 != 7 || id.bytes[8] >> 6 != 2) return std::nullopt;
  return id;
}

Uuid7 Uuid7::from_bytes(std::string_view bytes) noexcept {
  INVARIANT(bytes.size() == 16);
  Uuid7 id;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(id.bytes.data()));
  return id;
}

Uuid7 Uuid7Generator::next(UnixMillis now) {
  const auto now_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0));
  const std::uint64_t head = load(last_.bytes.data());
  const std::uint64_t last_ms = head >> 16;
  if (now_ms > last_ms) {
    last_ = assemble(now_ms, random_u64() & rand_a_mask, random_u64() & rand_b_mask);
    return last_;
  }
  // The same millisecond, or a clock that went back: count up by a random step, so that ids stay hard to guess. The
  // carry goes through rand_a into the time, which then runs ahead of the clock for a moment.
  std::uint64_t rand_a = head & rand_a_mask;
  std::uint64_t rand_b = load(last_.bytes.data() + 8) & rand_b_mask;
  std::uint64_t time_ms = last_ms;
  rand_b += 1 + (random_u64() & 0xffff'ffff'ffff);
  if (rand_b > rand_b_mask) {
    rand_b &= rand_b_mask;
    if (++rand_a > rand_a_mask) {
      rand_a = 0;
      ++time_ms;
    }
  }
  last_ = assemble(time_ms, rand_a, rand_b);
  return last_;
}

}  // namespace triggers
