#include "json_argument.h"

#include "auth/validate.h"

namespace triggers {
namespace {

constexpr std::string_view blanks = " \t\r\n";

/// Where the string that begins at `at` ends: behind its quote. npos if it does not end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool is_one_object(std::string_view text) {
  std::string open;  // The closing sign of each object and array around this place.
  std::size_t at = text.find_first_not_of(blanks);
  if (at == std::string_view::npos || text[at] != '{') return false;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      if (at == std::string_view::npos) return false;
      continue;
    }
    if (c == '{' || c == '[') open.push_back(c == '{' ? '}' : ']');
    if (c == '}' || c == ']') {
      if (open.back() != c) return false;
      open.pop_back();
      if (open.empty()) return text.find_first_not_of(blanks, at + 1) == std::string_view::npos;
    }
    ++at;
  }
  return false;
}

std::string object_problem(const std::string& text) {
  if (!auth::is_utf8(text)) return "it must be UTF-8";
  return is_one_object(text) ? "" : R"(it must be one JSON object, such as '{"id":1}')";
}

}  // namespace triggers
