#include "metrics/gauge_text.h"

#include <gtest/gtest.h>

namespace triggers::metrics {
namespace {

TEST(GaugeText, IsOneFamilyWithItsSamplesInOrder) {
  EXPECT_EQ(gauge_text("triggers_depth", "Depth.", {{{{"user_id", "b"}, {"inbox", "x"}}, 2}, {{{"user_id", "a"}}, 0}}),
            "# HELP triggers_depth Depth.\n"
            "# TYPE triggers_depth gauge\n"
            "triggers_depth{user_id=\"b\",inbox=\"x\"} 2\n"
            "triggers_depth{user_id=\"a\"} 0\n");
}

TEST(GaugeText, IsEmptyWithoutSamples) { EXPECT_EQ(gauge_text("triggers_depth", "Depth.", {}), ""); }

TEST(GaugeText, ALabelCannotEndItsValueOrItsLine) {
  const auto text = gauge_text("triggers_depth", "Depth.", {{{{"user_id", "a\"} 7\ntriggers_other 1\\"}}, 2}});
  EXPECT_NE(text.find("triggers_depth{user_id=\"a\\\"} 7\\ntriggers_other 1\\\\\"} 2\n"), std::string::npos) << text;
}

TEST(GaugeText, LargeValueKeepsItsDigits) {
  const auto text = gauge_text("triggers_depth", "Depth.", {{{}, 1'234'567'891}});
  EXPECT_NE(text.find("triggers_depth 1234567891\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace triggers::metrics
