#include "swarm/web/site_guard.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

http::Request request(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  http::Request made;
  for (const auto& [name, value] : fields) made.headers.add(name, value);
  return made;
}

TEST(SiteGuard, AnswersToAddressesToLocalhostAndToTheNameItListensOn) {
  const SiteGuard guard("load.example", false);
  for (const auto* const host : {"127.0.0.1:8089", "localhost:8089", "LOCALHOST", "swarm.localhost:1", "[::1]:8089",
                                 "10.1.2.3", "load.example:8089"}) {
    EXPECT_FALSE(guard.refusal(request({{"Host", host}}), true)) << host;
  }
}

TEST(SiteGuard, RefusesANameThatAnotherSiteMayHaveRebound) {
  const SiteGuard guard("127.0.0.1", false);
  for (const auto* const host : {"attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example:8089",
                                 "attackerlocalhost", "[::1].attacker.example", ""}) {
    EXPECT_TRUE(guard.refusal(request({{"Host", host}}), false)) << host;
  }
  EXPECT_TRUE(guard.refusal(request({}), false));
  EXPECT_TRUE(guard.refusal(request({{"Host", "localhost"}, {"Host", "attacker.example"}}), false));
  EXPECT_FALSE(SiteGuard("127.0.0.1", true).refusal(request({{"Host", "attacker.example"}}), false));
}

TEST(SiteGuard, RefusesPagesOfOtherSites) {
  const SiteGuard guard("127.0.0.1", false);
  const std::string_view own = "127.0.0.1:8089";
  EXPECT_TRUE(guard.refusal(request({{"Host", own}, {"Origin", "http://attacker.example"}}), false));
  EXPECT_TRUE(guard.refusal(request({{"Host", own}, {"Origin", "null"}}), false));
  EXPECT_TRUE(guard.refusal(request({{"Host", own}, {"Origin", "http://127.0.0.1:8000"}}), true));
  EXPECT_FALSE(guard.refusal(request({{"Host", own}, {"Origin", "http://127.0.0.1:8089"}}), true));
}

TEST(SiteGuard, RefusesAnImageOfAnotherSiteThatWouldStopTheTest) {
  const SiteGuard guard("127.0.0.1", false);
  const std::string_view own = "127.0.0.1:8089";
  EXPECT_TRUE(guard.refusal(request({{"Host", own}, {"Sec-Fetch-Site", "cross-site"}}), true));
  EXPECT_TRUE(guard.refusal(request({{"Host", own}, {"Sec-Fetch-Site", "same-site"}}), true));
  EXPECT_TRUE(guard.refusal(request({{"Host", own}, {"Referer", "http://attacker.example/page"}}), true));
  EXPECT_FALSE(guard.refusal(request({{"Host", own}, {"Referer", "http://127.0.0.1:8089/"}}), true));
  EXPECT_FALSE(guard.refusal(request({{"Host", own}, {"Sec-Fetch-Site", "same-origin"}}), true));
  EXPECT_FALSE(guard.refusal(request({{"Host", own}, {"Sec-Fetch-Site", "none"}}), true));
  // A link of another site may open the page.
  EXPECT_FALSE(guard.refusal(request({{"Host", own}, {"Sec-Fetch-Site", "cross-site"}}), false));
}

}  // namespace
}  // namespace triggers::swarm
