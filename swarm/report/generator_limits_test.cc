#include "swarm/report/generator_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A test of ten seconds for which everything sufficed, just.
class GeneratorLimitsTest : public testing::Test {
 protected:
  GeneratorLimitsTest() {
    report_.started = 1000;
    report_.ended = 1010;
    report_.busiest_thread = 0.9;
    report_.processor_wait = 0.2;
    report_.page_faults = 100;
    report_.journal.longest_wait = 2s;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& limit : generator_limits(report_)) names.emplace_back(limit.name);
    return names;
  }
  [[nodiscard]] std::string text() const { return generator_limits(report_).front().text; }

  RunReport report_;
};

TEST_F(GeneratorLimitsTest, AreNoneIfEverythingSufficed) { EXPECT_THAT(names(), IsEmpty()); }

TEST_F(GeneratorLimitsTest, ABusyThreadIsNamed) {
  report_.busiest_thread = 0.97;
  EXPECT_THAT(names(), ElementsAre("processor"));
  EXPECT_THAT(text(), HasSubstr("busy for 97 % of its time"));
}

TEST_F(GeneratorLimitsTest, AThreadThatWaitsForAProcessorIsNamed) {
  report_.processor_wait = 0.5;
  EXPECT_THAT(names(), ElementsAre("processor"));
  EXPECT_THAT(text(), HasSubstr("had to wait for a processor for 50 %"));
}

TEST_F(GeneratorLimitsTest, PagesFromTheDiskAreNamed) {
  report_.page_faults = 101;
  EXPECT_THAT(names(), ElementsAre("memory"));
  EXPECT_THAT(text(), HasSubstr("read 101 pages"));
}

TEST_F(GeneratorLimitsTest, EachShortageOfConnectionsIsNamed) {
  report_.shortages.memory = 1;
  EXPECT_THAT(names(), ElementsAre("memory"));
  report_.shortages = {.descriptors = 2, .ports = 3};
  EXPECT_THAT(names(), ElementsAre("ports", "descriptors"));
  EXPECT_THAT(text(), HasSubstr("3 connections failed because this machine had no port left"));
}

TEST_F(GeneratorLimitsTest, ASlowDiskOfTheJournalIsNamedAndWhatIsMissing) {
  report_.journal.longest_wait = 3500ms;
  EXPECT_THAT(names(), ElementsAre("disk"));
  EXPECT_THAT(text(), HasSubstr("for up to 3.5 s; none is missing"));
  report_.journal.lost_lines = 17;
  EXPECT_THAT(names(), ElementsAre("disk"));
  EXPECT_THAT(text(), HasSubstr("lacks its last 17 lines, because the disk was too slow"));
  report_.journal.error = "No space left on device";
  EXPECT_THAT(names(), ElementsAre("disk"));
  EXPECT_THAT(text(), HasSubstr("because its disk failed (No space left on device)"));
}

}  // namespace
}  // namespace triggers::swarm
