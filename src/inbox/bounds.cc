#include "inbox/bounds.h"

#include "base/utf8.h"

namespace triggers::inbox {

std::optional<FieldFault> check_range(std::string_view field, std::int64_t value, Range range) {
  if (value >= range.min && value <= range.max) return std::nullopt;
  return FieldFault{std::string(field), std::string(field) + " must be " + std::to_string(range.min) + " to " +
                                            std::to_string(range.max) + "; it was " + std::to_string(value)};
}

std::optional<FieldFault> check_text(std::string_view field, std::string_view text, std::size_t chars_max) {
  if (const auto offset = find_invalid_utf8(text)) {
    return FieldFault{std::string(field),
                      std::string(field) + " must be UTF-8; byte " + std::to_string(*offset) + " is not"};
  }
  const std::size_t chars = count_code_points(text);
  if (chars <= chars_max) return std::nullopt;
  return FieldFault{std::string(field), std::string(field) + " must have at most " + std::to_string(chars_max) +
                                            " characters; it has " + std::to_string(chars)};
}

}  // namespace triggers::inbox
