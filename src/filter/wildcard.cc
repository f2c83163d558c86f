#include "filter/wildcard.h"

#include <utility>

namespace triggers::filter {

Result<Wildcard, std::string> Wildcard::parse(std::string_view text) {
  Wildcard made;
  std::string part;
  for (std::size_t i = 0; i != text.size(); ++i) {
    const bool last = i + 1 == text.size();
    if (text[i] == '*') {
      if (!last && text[i + 1] == '*')
        return std::string("two asterisks side by side mean no more than one; write one");
      made.parts_.push_back(part_of(std::exchange(part, {})));
    } else if (text[i] == '\\') {
      if (last || (text[i + 1] != '*' && text[i + 1] != '\\')) {
        return std::string(
            R"(a backslash stands only before an asterisk or a backslash; write \\ (in JSON "\\\\") for one)");
      }
      part.push_back(text[++i]);
    } else {
      part.push_back(text[i]);
    }
  }
  made.parts_.push_back(part_of(std::move(part)));
  return made;
}

Wildcard::Part Wildcard::part_of(std::string text) {
  Part part{std::move(text), {}};
  part.failure.assign(part.text.size(), 0);
  for (std::size_t i = 1, border = 0; i < part.text.size(); ++i) {
    while (border != 0 && part.text[i] != part.text[border]) border = part.failure[border - 1];
    if (part.text[i] == part.text[border]) ++border;
    part.failure[i] = border;
  }
  return part;
}

std::size_t Wildcard::find_end(const Part& part, std::string_view text, std::size_t from, std::uint64_t& steps) {
  if (part.text.empty()) return from;
  std::size_t matched = 0;
  for (std::size_t i = from; i != text.size(); ++i) {
    ++steps;
    while (matched != 0 && text[i] != part.text[matched]) {
      matched = part.failure[matched - 1];
      ++steps;
    }
    if (text[i] == part.text[matched]) ++matched;
    if (matched == part.text.size()) return i + 1;
  }
  return std::string_view::npos;
}

bool Wildcard::matches(std::string_view text, std::uint64_t& steps) const {
  const std::string& first = parts_.front().text;
  const std::string& last = parts_.back().text;
  if (parts_.size() == 1) return text == first;
  if (text.size() < first.size() + last.size() || !text.starts_with(first) || !text.ends_with(last)) return false;
  // Between the ends, the earliest place of a part leaves most for those after it: no step back is ever needed.
  const std::string_view inner = text.substr(0, text.size() - last.size());
  std::size_t at = first.size();
  for (std::size_t i = 1; i + 1 < parts_.size(); ++i) {
    at = find_end(parts_[i], inner, at, steps);
    if (at == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace triggers::filter
