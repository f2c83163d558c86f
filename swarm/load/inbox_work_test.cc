#include "swarm/load/inbox_work.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

TEST(InboxWork, ANameIsAsTheServiceWantsIt) {
  for (const char* name : {"default", "a", "9", "A-b_c.d", "billing.v2"}) EXPECT_TRUE(is_inbox_name(name)) << name;
  EXPECT_TRUE(is_inbox_name(std::string(100, 'a')));
  for (const char* name : {"", ".", "-a", "_a", "a/b", "a b", "a\r\nX: y", "gr\xc3\xbcn", "a?b", "a%2f"}) {
    EXPECT_FALSE(is_inbox_name(name)) << name;
  }
  EXPECT_FALSE(is_inbox_name(std::string(101, 'a')));
}

TEST(InboxWork, AnErrorNamesTheOption) {
  EXPECT_TRUE(InboxWork{}.check().ok());
  const auto error = [](const InboxWork& work) { return work.check().ok() ? "" : work.check().error().message; };
  EXPECT_NE(error({.inbox = "../keys"}).find("--inbox '../keys'"), std::string::npos);
  EXPECT_NE(error({.lease_seconds = 0}).find("--lease-seconds"), std::string::npos);
  EXPECT_NE(error({.lease_seconds = 43'201}).find("43200"), std::string::npos);
  EXPECT_NE(error({.lease_limit = 501}).find("--lease-limit"), std::string::npos);
  EXPECT_NE(error({.handling_ms = 3'600'001}).find("--handling-ms"), std::string::npos);
  EXPECT_NE(error({.release_percent = -1}).find("--release-percent"), std::string::npos);
  EXPECT_NE(error({.release_percent = 60, .abandon_percent = 41}).find("more than 100"), std::string::npos);
  EXPECT_EQ(error({.release_percent = 60, .abandon_percent = 40}), "");
}

}  // namespace
}  // namespace triggers::swarm
