#include "event/escape.h"

#include "base/utf8.h"
#include "event/event.h"

namespace triggers::event {
namespace {

unsigned hex_value(char c) noexcept { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); }

/// The code unit of the `\uXXXX` at `at`.
unsigned code_unit(const char* at) noexcept {
  return hex_value(at[2]) << 12 | hex_value(at[3]) << 8 | hex_value(at[4]) << 4 | hex_value(at[5]);
}

bool is_high_surrogate(unsigned unit) noexcept { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low_surrogate(unsigned unit) noexcept { return unit >= 0xdc00 && unit <= 0xdfff; }

char short_escape(char c) noexcept {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  out.push_back('\\');
  switch (c) {
    case '\b': out.push_back('b'); break;
    case '\f': out.push_back('f'); break;
    case '\n': out.push_back('n'); break;
    case '\r': out.push_back('r'); break;
    case '\t': out.push_back('t'); break;
    case '"':
    case '\\': out.push_back(c); break;
    default:
      out.append("u00");
      out.push_back(hex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(hex[static_cast<unsigned char>(c) & 15]);
  }
}

}  // namespace

bool unescape(const StringToken& token, std::string& out) {
  if (!token.escaped) {
    out.append(token.raw);
    return true;
  }
  bool whole = true;
  const char* at = token.raw.data();
  const char* const end = at + token.raw.size();
  while (at != end) {
    const char* const backslash = find_string_special(at, end);
    out.append(at, backslash);
    at = backslash;
    if (at == end) break;
    if (at[1] != 'u') {
      out.push_back(short_escape(at[1]));
      at += 2;
      continue;
    }
    unsigned code_point = code_unit(at);
    at += 6;
    if (is_high_surrogate(code_point) && end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
        is_low_surrogate(code_unit(at))) {
      code_point = 0x10000 + ((code_point - 0xd800) << 10) + (code_unit(at) - 0xdc00);
      at += 6;
    } else if (is_high_surrogate(code_point) || is_low_surrogate(code_point)) {
      whole = false;
    }
    append_code_point(out, code_point);
  }
  return whole;
}

void append_json_string(std::string& out, std::string_view text) {
  out.reserve(out.size() + text.size() + 2);
  out.push_back('"');
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const char* const special = find_string_special(at, end);
    out.append(at, special);
    if (special == end) break;
    append_escaped(out, *special);
    at = special + 1;
  }
  out.push_back('"');
}

}  // namespace triggers::event
