#include "store/rocks/disk/stillness.h"

#include <gtest/gtest.h>

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
constexpr Stillness::TimePoint start{1h};

TEST(Stillness, GrowsWhileNothingEndsAndNothingIsUnderWay) {
  Stillness stillness({.done = 7}, start);
  EXPECT_EQ(stillness.lasts({.done = 7}, start + 4s), 4s);
  EXPECT_EQ(stillness.lasts({.done = 7}, start + 9s), 9s);
}

TEST(Stillness, EndsWithEachOperationThatHasEnded) {
  Stillness stillness({.done = 7}, start);
  EXPECT_EQ(stillness.lasts({.done = 8}, start + 1h), 0s);
  EXPECT_EQ(stillness.lasts({.done = 8}, start + 1h + 3s), 3s);
  EXPECT_EQ(stillness.lasts({.done = 9}, start + 2h), 0s);
}

TEST(Stillness, IsNotThereWhileTheDiskHasAnOperation) {
  Stillness stillness({}, start);
  EXPECT_EQ(stillness.lasts({.under_way = 1}, start + 1h), 0s);
  EXPECT_EQ(stillness.lasts({.under_way = 1}, start + 2h), 0s);
  EXPECT_EQ(stillness.lasts({}, start + 2h + 5s), 5s);
}

}  // namespace
}  // namespace triggers::store
