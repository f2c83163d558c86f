#include "base/uuid7.h"

#include <algorithm>
#include <cstring>

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

/// Both hexadecimal digits of each byte: every answer has an id or two.
constexpr std::array<std::array<char, 2>, 256> hex_pairs = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {digits[byte >> 4], digits[byte & 15]};
  return pairs;
}();

std::uint64_t load(const unsigned char* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

void store(unsigned char* bytes, std::uint64_t value) {
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[i] = static_cast<unsigned char>(value);
}

Uuid7 assemble(std::uint64_t time_ms, std::uint64_t rand_a, std::uint64_t rand_b) {
  Uuid7 id;
  store(id.bytes.data(), time_ms << 16 | version_bits | rand_a);
  store(id.bytes.data() + 8, variant_bits | rand_b);
  return id;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

UnixMillis Uuid7::time() const noexcept {
  return UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(load(bytes.data()) >> 16)}};
}

void Uuid7::append_text(std::string& out) const {
  std::array<char, 36> text;
  char* at = text.data();
  const auto append_bytes = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i, at += 2) std::memcpy(at, hex_pairs[bytes[i]].data(), 2);
  };
  append_bytes(0, 4);
  for (const std::size_t from : {4U, 6U, 8U}) {
    *at++ = '-';
    append_bytes(from, from + 2);
  }
  *at++ = '-';
  append_bytes(10, 16);
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
