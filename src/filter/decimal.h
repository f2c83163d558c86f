#pragma once

// Compares JSON numbers exactly. The operator `numeric` is parsed in parse_numeric.h.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace triggers::filter {

/// The exact value of a JSON number: 1, 1.0 and 10e-1 are equal, and no digit is lost. It takes as much memory as its
/// text, however large the exponent.
class Decimal {
 public:
  /// `text` must be a number of RFC 8259. Other text is not detected, and gives an arbitrary number.
  explicit Decimal(std::string_view text);

  std::strong_ordering operator<=>(const Decimal& other) const noexcept;
  bool operator==(const Decimal& other) const noexcept { return (*this <=> other) == 0; }

  /// Equal if and only if the numbers are equal.
  [[nodiscard]] std::string key() const;

 private:
  [[nodiscard]] std::strong_ordering compare_magnitude(const Decimal& other) const noexcept;
  void set_exponent(bool negative, std::string_view digits, std::int64_t shift);

  bool negative_ = false;
  std::string digits_;  ///< Without zeros at either end; empty for zero. The value is 0.digits times 10^exponent.
  std::int64_t exponent_ = 0;
  /// The magnitude of an exponent with more than 18 digits; exponent_ is then 1 or -1, its sign. Otherwise empty.
  std::string wide_exponent_;
};

}  // namespace triggers::filter
