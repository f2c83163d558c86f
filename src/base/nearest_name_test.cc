#include "base/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace triggers {
namespace {

TEST(NearestName, IsTheNameWithTheFewestEdits) {
  const std::vector<std::string> names{"host", "port", "tls-key", "LOG_LEVEL"};
  EXPECT_EQ(nearest_name("prot", names), "port");
  EXPECT_EQ(nearest_name("TLS_KEY", names), "tls-key");
  EXPECT_EQ(nearest_name("log-levl", names), "LOG_LEVEL");
  EXPECT_EQ(nearest_name("zzzz", names), "");
  EXPECT_EQ(nearest_name(std::string(65, 'p'), names), "");
}

}  // namespace
}  // namespace triggers
