#include "event/text_check.h"

#include <fmt/format.h>

#include "event/scan.h"
#include "event/utf8.h"

namespace triggers::event {

std::optional<ParseError> refuse_text(std::string_view text, std::string_view what) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return refuse_body(fmt::format("The body is empty; send {}.", what));
  }
  if (text.starts_with("\xef\xbb\xbf")) {
    return refuse_body("The body begins with a byte order mark; send UTF-8 without one.");
  }
  if (const auto offset = find_invalid_utf8(text)) {
    return refuse_body(fmt::format("The body is not valid UTF-8 at byte offset {}.", *offset));
  }
  return std::nullopt;
}

ParseError refuse_body(std::string message) { return {ParseError::Kind::invalid, "body", std::move(message)}; }

ParseError not_json(const Fault& fault, int levels_max) {
  const bool too_deep = std::string_view{fault.what} == nested_too_deep;
  const auto limit = too_deep ? fmt::format(" (over {} levels)", levels_max) : std::string();
  return refuse_body(
      fmt::format("The body is not valid JSON at byte offset {}: {}{}.", fault.offset, fault.what, limit));
}

}  // namespace triggers::event
