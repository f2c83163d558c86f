#include "api/keys/key_loads.h"

#include <gtest/gtest.h>

namespace triggers::api {
namespace {

TEST(KeyLoadsTest, CallersShareOneReadUntilItEnds) {
  KeyLoads loads;
  const auto hash = auth::hash_key("s");
  EXPECT_FALSE(loads.contains(hash));
  const auto load = loads.join(hash);
  EXPECT_TRUE(loads.contains(hash));
  EXPECT_EQ(loads.join(hash), load);
  EXPECT_NE(loads.join(auth::hash_key("t")), load);
  loads.end(hash, *load);
  EXPECT_FALSE(loads.contains(hash));
  EXPECT_TRUE(loads.contains(auth::hash_key("t")));
}

TEST(KeyLoadsTest, EndOfAnOldReadDoesNotEndTheNewOne) {
  KeyLoads loads;
  const auto hash = auth::hash_key("s");
  const auto old = loads.join(hash);
  loads.end(hash, *old);
  const auto newer = loads.join(hash);
  loads.end(hash, *old);  // By a caller that joined it late, and read once more.
  EXPECT_TRUE(loads.contains(hash));
  EXPECT_EQ(loads.join(hash), newer);
  loads.end(hash, *newer);
  EXPECT_FALSE(loads.contains(hash));
}

}  // namespace
}  // namespace triggers::api
