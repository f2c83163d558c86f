#include "base/uuid7.h"

#include <gtest/gtest.h>

#include <chrono>

namespace triggers {
namespace {

using namespace std::chrono_literals;

UnixMillis at(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

TEST(Uuid7, IdsIncreaseWhileTheClockStandsOrGoesBack) {
  Uuid7Generator generator;
  Uuid7 last = generator.next(at(1'700'000'000'000));
  for (int i = 0; i < 100'000; ++i) {
    const Uuid7 id = generator.next(at(1'700'000'000'000 - i));
    ASSERT_LT(last, id);
    last = id;
  }
  EXPECT_LE(last.time(), at(1'700'000'000'000) + 1s);
}

TEST(Uuid7, CarriesItsTimeVersionAndVariant) {
  Uuid7Generator generator;
  const Uuid7 id = generator.next(at(1'700'000'000'123));
  EXPECT_EQ(id.time(), at(1'700'000'000'123));
  EXPECT_EQ(id.text()[14], '7');
  EXPECT_EQ(Uuid7::parse(id.text()), id);
}

TEST(Uuid7, ContinuesAfterAnEarlierProcess) {
  Uuid7Generator first;
  const Uuid7 last = first.next(at(1'800'000'000'000));
  Uuid7Generator second(last);
  EXPECT_LT(last, second.next(at(1'700'000'000'000)));
}

TEST(Uuid7, ParseTakesOnlyVersionSevenInItsFullForm) {
  EXPECT_TRUE(Uuid7::parse("0189F7E0-7B2C-7DEF-8123-456789ABCDEF"));
  for (const auto* text : {"", "0189f7e0-7b2c-4def-8123-456789abcdef", "0189f7e0-7b2c-7def-c123-456789abcdef",
                           "0189f7e07b2c7def8123456789abcdef", "0189f7e0-7b2c-7def-8123-456789abcdeg",
                           "{189f7e0-7b2c-7def-8123-456789abcdef}", "0189f7e0-7b2c-7def-8123-456789abcdef0"}) {
    EXPECT_FALSE(Uuid7::parse(text)) << text;
  }
}

}  // namespace
}  // namespace triggers
