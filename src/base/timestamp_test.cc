#include "base/timestamp.h"

#include <gtest/gtest.h>

#include <chrono>

namespace triggers {
namespace {

UnixMillis at(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

TEST(Timestamp, RoundTripsWithMilliseconds) {
  for (const std::int64_t ms : {0LL, 951'782'399'999LL, 1'700'000'000'001LL, 253'402'300'799'999LL}) {
    EXPECT_EQ(parse_timestamp(format_timestamp(at(ms))), at(ms));
  }
  EXPECT_EQ(format_timestamp(at(951'782'399'999)), "2000-02-28T23:59:59.999Z");
}

TEST(Timestamp, ParseTakesOffsetsAndFractions) {
  EXPECT_EQ(parse_timestamp("2026-01-01T01:00:00+01:00"), parse_timestamp("2026-01-01T00:00:00Z"));
  EXPECT_EQ(parse_timestamp("2026-01-01t00:00:00.1239z"), parse_timestamp("2026-01-01T00:00:00.123Z"));
  for (const auto* text : {"", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01",
                           "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z ", "2026-1-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

}  // namespace
}  // namespace triggers
