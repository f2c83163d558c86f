#include "base/descriptor_limit.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace triggers {
namespace {

TEST(DescriptorLimit, IsRaisedToTheHardOne) {
  const std::size_t limit = raise_descriptor_limit();
  EXPECT_GE(limit, 3U);
  EXPECT_EQ(raise_descriptor_limit(), limit);
}

}  // namespace
}  // namespace triggers
