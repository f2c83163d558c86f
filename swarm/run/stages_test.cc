#include "swarm/run/stages.h"

#include <gtest/gtest.h>

#include <string>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

constexpr TargetRule users{.most = 1000, .whole = true}, rate{.most = 1000, .whole = false};

TEST(Stages, AreTimesAndTargets) {
  const auto stages = parse_stages("30s:100,5m:100,0s:7,1h30m:0", users);
  ASSERT_TRUE(stages.ok());
  ASSERT_EQ(stages->size(), 4U);
  EXPECT_EQ((*stages)[0].length, 30s);
  EXPECT_EQ((*stages)[0].target, 100);
  EXPECT_EQ((*stages)[1].length, 5min);
  EXPECT_EQ((*stages)[2].length, 0s);
  EXPECT_EQ((*stages)[3].length, 90min);
  EXPECT_EQ((*stages)[3].target, 0);
  const auto fraction = parse_stages("10:0.5", rate);
  ASSERT_TRUE(fraction.ok());
  EXPECT_EQ((*fraction)[0].target, 0.5);
}

struct Wrong {
  std::string text;
  std::string told;
  TargetRule rule = users;
};
class WrongStages : public testing::TestWithParam<Wrong> {};

TEST_P(WrongStages, AreNamedWithTheStage) {
  const auto stages = parse_stages(GetParam().text, GetParam().rule);
  ASSERT_FALSE(stages.ok());
  EXPECT_EQ(stages.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(stages.error().message.find(GetParam().told), std::string::npos) << stages.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, WrongStages,
    testing::Values(Wrong{"", "stage 1 is not TIME:TARGET"}, Wrong{"30s", "stage 1 is not TIME:TARGET"},
                    Wrong{"30s:10,", "stage 2 is not TIME:TARGET"}, Wrong{"30s:10,,5s:1", "stage 2 is not TIME:TARGET"},
                    Wrong{":10", "stage 1 does not begin with a time"}, Wrong{"5x:10", "stage 1 does not begin"},
                    Wrong{"5s:1,-3s:1", "stage 2 does not begin"}, Wrong{"5s:", "stage 1 does not end with a whole"},
                    Wrong{"5s:ten", "does not end with a whole number from 0 to 1000"},
                    Wrong{"5s:-1", "does not end with"}, Wrong{"5s:1001", "does not end with"},
                    Wrong{"5s:1.5", "does not end with"}, Wrong{"5s:1e2", "does not end with"},
                    Wrong{"5s:10 ", "does not end with"}, Wrong{"5s:nan", "does not end with a number", rate},
                    Wrong{"5s:inf", "does not end with a number", rate}, Wrong{"0s:10", "together last no time"},
                    Wrong{"87600h:1,87600h:1", "together last over ten years"},
                    Wrong{"5s:0,5s:0", "no stage has a target above 0"}),
    [](const auto& wrong) { return "Case" + std::to_string(wrong.index); });

TEST(Stages, HaveALimit) {
  std::string text = "1s:1";
  for (std::size_t i = 1; i < stages_max; ++i) text += ",1s:1";
  EXPECT_TRUE(parse_stages(text, users).ok());
  const auto more = parse_stages(text + ",1s:1", users);
  ASSERT_FALSE(more.ok());
  EXPECT_NE(more.error().message.find("stage 1001 is one too many"), std::string::npos);
}

}  // namespace
}  // namespace triggers::swarm
