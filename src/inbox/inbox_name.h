#pragma once

// The name of an inbox, and which names are allowed.

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "inbox/bounds.h"

namespace triggers::inbox {

inline constexpr std::size_t inbox_name_chars_max = 100;

/// The name of an inbox: 1 to 100 characters of `A-Z a-z 0-9 - _ .`. It begins with a letter or a digit. Case matters.
class InboxName {
 public:
  /// The inbox that every tenant has. It cannot be deleted.
  InboxName() : text_("default") {}

  static Result<InboxName, FieldFault> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool is_default() const noexcept { return *this == InboxName(); }
  auto operator<=>(const InboxName&) const = default;

 private:
  explicit InboxName(std::string_view text) : text_(text) {}

  std::string text_;
};

}  // namespace triggers::inbox
