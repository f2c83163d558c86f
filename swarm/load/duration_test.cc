#include "swarm/load/duration.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using std::chrono::seconds;

TEST(Duration, IsWholeSecondsOrUnitsInOrder) {
  EXPECT_EQ(parse_duration("0"), seconds{0});
  EXPECT_EQ(parse_duration("90"), seconds{90});
  EXPECT_EQ(parse_duration("20s"), seconds{20});
  EXPECT_EQ(parse_duration("5m"), seconds{300});
  EXPECT_EQ(parse_duration("1h30m10s"), seconds{5410});
  EXPECT_EQ(parse_duration("2h5s"), seconds{7205});
}

TEST(Duration, RefusesAnyOtherText) {
  for (const char* text : {"", "s", "-5", "5 s", " 5", "1.5h", "10x", "1d", "5S", "5s3m", "1h20", "5s5s", "1m1h",
                           "99999999999h", "99999999999999999999"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace triggers::swarm
