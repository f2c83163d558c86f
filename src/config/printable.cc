#include "config/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "auth/validate.h"

namespace triggers::config {
namespace {

struct Character {
  char32_t code_point = 0;
  std::size_t bytes = 0;
};

/// The first character of a text that is UTF-8.
Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t bytes = lead < 0x80 ? 1U : lead < 0xe0 ? 2U : lead < 0xf0 ? 3U : 4U;
  char32_t code_point = bytes == 1 ? lead : lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) code_point = (code_point << 6) | (byte(i) & 0x3fU);
  return {code_point, bytes};
}

/// Blanks that look like U+0020, and characters without a shape.
bool is_invisible(char32_t code_point) {
  constexpr std::array<std::pair<char32_t, char32_t>, 9> ranges{{{0x80, 0xa0},
                                                                 {0xad, 0xad},
                                                                 {0x1680, 0x1680},
                                                                 {0x180e, 0x180e},
                                                                 {0x2000, 0x200f},
                                                                 {0x2028, 0x202f},
                                                                 {0x205f, 0x206f},
                                                                 {0x3000, 0x3000},
                                                                 {0xfeff, 0xfeff}}};
  return std::ranges::any_of(ranges, [&](const auto& r) { return code_point >= r.first && code_point <= r.second; });
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
  const bool utf8 = auth::is_utf8(text);
  std::string out;
  for (std::size_t at = 0; at < text.size() && at < bytes_max;) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const Character character = utf8 ? first_of(text.substr(at)) : Character{byte, 1};
    if (byte < 0x20 || byte == 0x7f || (!utf8 && byte >= 0x80)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else if (is_invisible(character.code_point)) {
      fmt::format_to(std::back_inserter(out), "\\u{{{:04x}}}", static_cast<unsigned>(character.code_point));
    } else {
      out.append(text.substr(at, character.bytes));
    }
    at += character.bytes;
  }
  return out;
}

}  // namespace triggers::config
