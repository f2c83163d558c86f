#include "base/json_text.h"

#include <array>
#include <cstddef>

#include "base/utf8.h"

namespace triggers {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view hex_digits = "0123456789abcdef";

/// Which bytes need no escape. A table, because every character of every line of the access log is looked up.
constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (unsigned byte = 0x20; byte < 0x7F; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

std::size_t plain_bytes_at_front(std::string_view text) noexcept {
  std::size_t count = 0;
  while (count < text.size() && plain_bytes[static_cast<unsigned char>(text[count])]) ++count;
  return count;
}

/// Appends the escape of an ASCII character that is not plain.
void append_escape(std::string& out, char c) {
  switch (c) {
    case '"': out.append("\\\""); return;
    case '\\': out.append("\\\\"); return;
    case '\n': out.append("\\n"); return;
    case '\r': out.append("\\r"); return;
    case '\t': out.append("\\t"); return;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out.append("\\u00");
  out.push_back(hex_digits[byte >> 4]);
  out.push_back(hex_digits[byte & 15]);
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const std::size_t plain = plain_bytes_at_front(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      append_escape(out, text.front());
      text.remove_prefix(1);
    } else if (const auto size = utf8_sequence_bytes(text); size > 0) {
      out.append(text.substr(0, size));
      text.remove_prefix(size);
    } else {
      out.append(replacement);
      text.remove_prefix(1);
    }
  }
  out.push_back('"');
}

}  // namespace triggers
