#include "filter/decimal.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "event/test_random_json.h"

namespace triggers::filter {
namespace {

TEST(Decimal, EqualNumbersAreEqualHoweverTheyAreWritten) {
  const std::vector<std::vector<std::string>> groups = {
      {"1", "1.0", "10e-1", "0.1e1", "1E0", "1e+0", "1e-0", "100e-2", "0.00001e5"},
      {"0", "-0", "0.0", "0e999999999", "-0.000e-5"},
      {"-12.5", "-1.25e1", "-125e-1", "-1250E-2"},
      {"1e999999999", "10e999999998", "0.1e1000000000"},
      {"1e99999999999999999999999", "10e99999999999999999999998", "0.01e100000000000000000000001"},
      {"1e100000000000000000", "1000000e99999999999999994"},
      {"1e-1000000000000000000000", "0.001e-999999999999999999997"},
      {"9223372036854775808", "9223372036854775808.000", "9.223372036854775808e18"},
  };
  for (const auto& group : groups) {
    for (const auto& a : group) {
      for (const auto& b : group) {
        EXPECT_EQ(Decimal(a), Decimal(b)) << a << " " << b;
        EXPECT_EQ(Decimal(a).key(), Decimal(b).key()) << a << " " << b;
      }
    }
  }
}

TEST(Decimal, NumbersAreInTheirOrderToTheLastDigit) {
  const std::string digits(400, '7');
  const std::vector<std::string> ascending = {"-1e99999999999999999999",
                                              "-1e99999999999999999998",
                                              "-1e999999999",
                                              "-9223372036854775809",
                                              "-9223372036854775808",
                                              "-1.5",
                                              "-1",
                                              "-0.1",
                                              "-1e-999999999",
                                              "-1e-99999999999999999999",
                                              "0",
                                              "1e-100000000000000000000",
                                              "1e-99999999999999999999",
                                              "2e-99999999999999999999",
                                              "1e-99999999999999999998",
                                              "1e-999999999",
                                              "0.1",
                                              "0.10000000000000000000000001",
                                              "0.5",
                                              "1",
                                              "1.00000000000000000000000001",
                                              "2",
                                              "10",
                                              "9007199254740992",
                                              "9007199254740993",
                                              "9223372036854775807",
                                              "9223372036854775808",
                                              digits,
                                              digits + ".000000000001",
                                              digits + "8",
                                              "1e999999999",
                                              "1e1000000000",
                                              "1e999999999999999999",
                                              "1e1000000000000000000",
                                              "1e99999999999999999998",
                                              "1e99999999999999999999"};
  for (std::size_t a = 0; a != ascending.size(); ++a) {
    for (std::size_t b = 0; b != ascending.size(); ++b) {
      EXPECT_EQ(Decimal(ascending[a]) <=> Decimal(ascending[b]), a <=> b) << ascending[a] << " " << ascending[b];
      EXPECT_EQ(Decimal(ascending[a]).key() == Decimal(ascending[b]).key(), a == b);
    }
  }
}

/// mantissa * 10^shift, in one of many writings.
std::string write(std::int64_t mantissa, int shift, std::mt19937_64& random) {
  std::string digits = std::to_string(mantissa < 0 ? -mantissa : mantissa);
  const int zeros = static_cast<int>(random() % 4);
  digits.append(static_cast<std::size_t>(zeros), '0');
  int exponent = shift - zeros;
  const std::size_t behind_point = random() % 6;
  if (behind_point != 0) {
    if (digits.size() <= behind_point) digits.insert(0, behind_point + 1 - digits.size(), '0');
    digits.insert(digits.size() - behind_point, ".");
    exponent += static_cast<int>(behind_point);
  }
  std::string text = (mantissa < 0 ? "-" : "") + digits;
  if (exponent != 0 || random() % 3 == 0) text += "e" + std::to_string(exponent);
  return text;
}

TEST(Decimal, AgreesWithIntegersInRandomWritings) {
  std::mt19937_64 random(event::test_seed());
  for (int i = 0; i != 20'000; ++i) {
    const auto mantissa = [&] { return static_cast<std::int64_t>(random() % 2001) - 1000; };
    const std::int64_t a = mantissa(), b = mantissa();
    const int shift_a = static_cast<int>(random() % 5), shift_b = static_cast<int>(random() % 5);
    const auto value = [](std::int64_t of, int shift) {
      for (; shift != 0; --shift) of *= 10;
      return of;
    };
    const std::string text_a = write(a, shift_a, random), text_b = write(b, shift_b, random);
    ASSERT_EQ(Decimal(text_a) <=> Decimal(text_b), value(a, shift_a) <=> value(b, shift_b)) << text_a << " " << text_b;
  }
}

}  // namespace
}  // namespace triggers::filter
