#include "event/quotable.h"

#include "base/utf8.h"

namespace triggers::event {

std::string quotable(std::string_view text, std::size_t chars_max) {
  constexpr std::string_view replacement = "\xef\xbf\xbd", ellipsis = "\xe2\x80\xa6";
  std::string out;
  std::size_t chars = 0;
  for (std::size_t at = 0; at < text.size(); ++chars) {
    if (chars == chars_max) {
      out.append(ellipsis);
      break;
    }
    std::size_t bytes = 1;
    while (at + bytes < text.size() && (static_cast<unsigned char>(text[at + bytes]) & 0xc0) == 0x80) ++bytes;
    const std::string_view character = text.substr(at, bytes);
    const bool is_control = static_cast<unsigned char>(character[0]) < 0x20 || character[0] == 0x7f;
    out.append(is_control || find_invalid_utf8(character) ? replacement : character);
    at += bytes;
  }
  return out;
}

}  // namespace triggers::event
