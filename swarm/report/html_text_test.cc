#include "swarm/report/html_text.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

TEST(HtmlText, NumbersHaveThreeDigits) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.42), "0.42");
  EXPECT_EQ(short_number(8.126), "8.13");
  EXPECT_EQ(short_number(137.4), "137");
  EXPECT_EQ(short_number(2350), "2\u202f350");
  EXPECT_EQ(three_digits(3.6), "3.60");
  EXPECT_EQ(three_digits(0.0713), "0.071");
  EXPECT_EQ(three_digits(0.00042), "0.000420");
  EXPECT_EQ(latency_text(2350), "2.35 s");
  EXPECT_EQ(with_separators(1'234'567), "1\u202f234\u202f567");
}

TEST(HtmlText, TimesAreTold) {
  EXPECT_EQ(utc_text(1'764'054'000), "2025-11-25 07:00:00 UTC");
  EXPECT_EQ(duration_text(0.4), "0.4 s");
  EXPECT_EQ(duration_text(42.3), "42 s");
  EXPECT_EQ(duration_text(303), "5 min 3 s");
  EXPECT_EQ(duration_text(7200), "2 h");
}

TEST(HtmlText, IsCutBetweenCharacters) {
  EXPECT_EQ(html_escape_up_to("größe", 3), "gr…");
  EXPECT_EQ(html_escape_up_to("größe", 4), "grö…");
  EXPECT_EQ(html_escape_up_to("größe", 7), "größe");
}

}  // namespace
}  // namespace triggers::swarm
