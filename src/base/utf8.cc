#include "base/utf8.h"

#include <simdjson.h>

#include <algorithm>

namespace triggers {

/// Unicode 15, table 3-7.
std::size_t utf8_sequence_bytes(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto within = [](unsigned value, unsigned low, unsigned high) { return value >= low && value <= high; };
  const unsigned lead = byte(0);
  std::size_t bytes = 0;
  unsigned low = 0x80, high = 0xbf;
  if (lead < 0x80) {
    return 1;
  } else if (within(lead, 0xc2, 0xdf)) {
    bytes = 2;
  } else if (within(lead, 0xe0, 0xef)) {
    bytes = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (within(lead, 0xf0, 0xf4)) {
    bytes = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  } else {
    return 0;
  }
  if (!within(byte(1), low, high)) return 0;
  for (std::size_t i = 2; i < bytes; ++i) {
    if (!within(byte(i), 0x80, 0xbf)) return 0;
  }
  return bytes;
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
  if (simdjson::validate_utf8(text.data(), text.size())) return std::nullopt;
  // simdjson does not say where, and a refusal may be slow.
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t bytes = utf8_sequence_bytes(text.substr(at));
    if (bytes == 0) break;
    at += bytes;
  }
  return at;
}

std::size_t count_code_points(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void append_code_point(std::string& out, unsigned code_point) {
  const auto put = [&out](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  const auto put_tail = [&](unsigned shift) { put(0x80 | ((code_point >> shift) & 0x3f)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | (code_point >> 6));
    put_tail(0);
  } else if (code_point < 0x10000) {
    put(0xe0 | (code_point >> 12));
    put_tail(6);
    put_tail(0);
  } else {
    put(0xf0 | (code_point >> 18));
    put_tail(12);
    put_tail(6);
    put_tail(0);
  }
}

}  // namespace triggers
