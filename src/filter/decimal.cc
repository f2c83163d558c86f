#include "filter/decimal.h"

#include <charconv>
#include <utility>

namespace triggers::filter {
namespace {

/// A shorter exponent fits into an int64_t, even after the length of a text is added.
constexpr std::size_t narrow_digits_max = 18;

std::string_view without_leading_zeros(std::string_view digits) {
  const auto first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view() : digits.substr(first);
}

std::int64_t to_integer(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// `digits` plus `delta`, whose magnitude is smaller.
std::string sum(std::string digits, std::int64_t delta) {
  for (std::size_t i = digits.size(); delta != 0 && i-- != 0;) {
    delta += digits[i] - '0';
    const auto digit = (delta % 10 + 10) % 10;
    digits[i] = static_cast<char>('0' + digit);
    delta = (delta - digit) / 10;
  }
  if (delta > 0) digits.insert(0, std::to_string(delta));
  return std::string(without_leading_zeros(digits));
}

}  // namespace

Decimal::Decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  const auto point = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, point);
  digits_ = whole;
  if (point != std::string_view::npos) digits_.append(mantissa.substr(point + 1));

  const auto first = digits_.find_first_not_of('0');
  if (first == std::string::npos) {
    digits_.clear();
    return;  // Zero has neither a sign nor an exponent.
  }
  negative_ = negative;
  digits_.erase(digits_.find_last_not_of('0') + 1);
  digits_.erase(0, first);
  const auto shift = static_cast<std::int64_t>(whole.size()) - static_cast<std::int64_t>(first);
  std::string_view exponent = e == std::string_view::npos ? std::string_view() : text.substr(e + 1);
  const bool below_one = exponent.starts_with('-');
  if (below_one || exponent.starts_with('+')) exponent.remove_prefix(1);
  set_exponent(below_one, without_leading_zeros(exponent), shift);
}

void Decimal::set_exponent(bool negative, std::string_view digits, std::int64_t shift) {
  if (digits.size() < narrow_digits_max) {
    exponent_ = (negative ? -to_integer(digits) : to_integer(digits)) + shift;
    return;
  }
  std::string magnitude = sum(std::string(digits), negative ? -shift : shift);
  if (magnitude.size() <= narrow_digits_max) {
    exponent_ = negative ? -to_integer(magnitude) : to_integer(magnitude);
    return;
  }
  wide_exponent_ = std::move(magnitude);
  exponent_ = negative ? -1 : 1;
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const noexcept {
  const auto sign = [](const Decimal& number) { return number.digits_.empty() ? 0 : number.negative_ ? -1 : 1; };
  if (const auto by_sign = sign(*this) <=> sign(other); by_sign != 0) return by_sign;
  return negative_ ? other.compare_magnitude(*this) : compare_magnitude(other);
}

std::strong_ordering Decimal::compare_magnitude(const Decimal& other) const noexcept {
  // A wide exponent is greater than every narrow one, or less if it is negative.
  const auto width = [](const Decimal& number) { return number.wide_exponent_.empty() ? 0 : number.exponent_; };
  if (const auto by_width = width(*this) <=> width(other); by_width != 0) return by_width;
  if (wide_exponent_.empty()) {
    if (const auto by_exponent = exponent_ <=> other.exponent_; by_exponent != 0) return by_exponent;
  } else {
    auto by_exponent = wide_exponent_.size() <=> other.wide_exponent_.size();
    if (by_exponent == 0) by_exponent = wide_exponent_ <=> other.wide_exponent_;
    if (by_exponent != 0) return exponent_ < 0 ? 0 <=> by_exponent : by_exponent;
  }
  return digits_ <=> other.digits_;
}

std::string Decimal::key() const {
  std::string key = negative_ ? "-" : "";
  key.append(digits_).append("e").append(std::to_string(exponent_));
  if (!wide_exponent_.empty()) key.append("w").append(wide_exponent_);
  return key;
}

}  // namespace triggers::filter
