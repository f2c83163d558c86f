#include "inbox/inbox_name.h"

#include <algorithm>

namespace triggers::inbox {
namespace {

bool letter_or_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool of_a_name(char c) noexcept { return letter_or_digit(c) || c == '-' || c == '_' || c == '.'; }

}  // namespace

Result<InboxName, FieldFault> InboxName::parse(std::string_view text) {
  if (text.empty() || text.size() > inbox_name_chars_max) {
    return FieldFault{"name", "the name of an inbox must have 1 to " + std::to_string(inbox_name_chars_max) +
                                  " characters; it has " + std::to_string(text.size())};
  }
  if (!letter_or_digit(text.front())) {
    return FieldFault{"name", "the name of an inbox must begin with a letter or a digit (A-Z a-z 0-9)"};
  }
  if (!std::all_of(text.begin(), text.end(), of_a_name)) {
    return FieldFault{"name",
                      "the name of an inbox may only have letters, digits, '-', '_' and '.' (A-Z a-z 0-9 - _ .)"};
  }
  return InboxName(text);
}

}  // namespace triggers::inbox
