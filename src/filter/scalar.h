#pragma once

// A single value of an event, as conditions see it (matcher.h).

#include <optional>
#include <string>
#include <string_view>

#include "filter/cidr.h"
#include "filter/decimal.h"
#include "filter/fold.h"

namespace triggers::filter {

/// A value of an event that is neither an array nor an object. Its other forms are computed on first use.
class Scalar {
 public:
  enum class Kind { text, number, yes, no, null };

  /// `text`: an unescaped string, or a number as it was sent. It must outlive this.
  explicit Scalar(Kind kind, std::string_view text = {}) : kind_(kind), text_(text) {}

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_text() const noexcept { return kind_ == Kind::text; }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] const std::string& folded() const {
    if (!folded_) folded_ = fold_case(text_);
    return *folded_;
  }
  [[nodiscard]] const Decimal& number() const {
    if (!number_) number_.emplace(text_);
    return *number_;
  }
  [[nodiscard]] const std::optional<Address>& address() const {
    if (!address_) address_ = parse_address(text_);
    return *address_;
  }

 private:
  Kind kind_;
  std::string_view text_;
  mutable std::optional<std::string> folded_;
  mutable std::optional<Decimal> number_;
  mutable std::optional<std::optional<Address>> address_;
};

}  // namespace triggers::filter
