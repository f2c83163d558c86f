#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace triggers::filter {

/// A number of JSON by its exact value: 1, 1.0 and 10e-1 are equal, and no digit is lost. Its size is that of its text,
/// whatever its exponent says.
class Decimal {
 public:
  /// `text`: a number as RFC 8259 has it; anything else is not noticed and gives some number.
  explicit Decimal(std::string_view text);

  std::strong_ordering operator<=>(const Decimal& other) const noexcept;
  bool operator==(const Decimal& other) const noexcept { return (*this <=> other) == 0; }

  /// Equal for equal numbers only.
  [[nodiscard]] std::string key() const;

 private:
  [[nodiscard]] std::strong_ordering compare_magnitude(const Decimal& other) const noexcept;
  void set_exponent(bool negative, std::string_view digits, std::int64_t shift);

  bool negative_ = false;
  std::string digits_;  ///< Without zeros at either end; empty for zero. The value is 0.digits times 10^exponent.
  std::int64_t exponent_ = 0;
  /// An exponent of more than 18 digits: its magnitude, and exponent_ is 1 or -1 for its sign. Empty otherwise.
  std::string wide_exponent_;
};

}  // namespace triggers::filter
