#include "swarm/report/console_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// The tables as a whole are compared with Locust's own in tests/e2e/test_swarm_formats.py.

class ConsoleTablesTest : public testing::Test {
 protected:
  void requests(RequestName name, int count, std::chrono::nanoseconds latency, std::uint32_t accepted) {
    Sample sample;
    sample.latency = latency;
    sample.finished = 1010;
    sample.accepted = accepted;
    for (int i = 0; i < count; ++i) statistics_.record(name, sample);
  }

  Statistics statistics_{1000};
};

TEST_F(ConsoleTablesTest, ANameHasOneRow) {
  requests(RequestName("GET", "/ok"), 36, 1900us, 0);
  EXPECT_THAT(request_table(statistics_, 80, RatesOver::all),
              HasSubstr("\nGET      /ok" + std::string(73, ' ') +
                        "      36     0(0.00%) |      1       1       1      1 |    3.60        0.00\n"));
  EXPECT_THAT(request_table(statistics_, 80, RatesOver::recent), Not(HasSubstr("3.60")));
}

TEST_F(ConsoleTablesTest, WithoutFailuresThereIsNoErrorReport) {
  EXPECT_EQ(error_report(statistics_, 80), "");
  statistics_.record_failure(RequestName("GET", "/ok"), "no", 1001);
  EXPECT_THAT(error_report(statistics_, 80), HasSubstr("\n1                  GET /ok: no   "));
}

TEST_F(ConsoleTablesTest, TheNameTakesWhatTheTerminalLeaves) {
  EXPECT_EQ(name_width(std::nullopt), 80U);
  EXPECT_EQ(name_width(200), 80U);
  EXPECT_EQ(name_width(120), 40U);
  EXPECT_EQ(name_width(80), 0U);
  EXPECT_EQ(name_width(20), 0U);
}

TEST_F(ConsoleTablesTest, TheSummarySaysWhatWasAccepted) {
  requests(RequestName("POST", "POST /events"), 30, 2ms, 1);
  EXPECT_EQ(accepted_summary(statistics_), "Accepted events: 30 (3.00 a second)\n\n");
}

TEST_F(ConsoleTablesTest, WhatARateLimitRefusedIsSaidAndNotAccepted) {
  const RequestName post("POST", "POST /events");
  requests(post, 30, 2ms, 1);
  requests(post.limited(), 12, 1ms, 0);
  EXPECT_THAT(accepted_summary(statistics_), HasSubstr("Accepted events: 30 (3.00 a second)\n"));
  EXPECT_THAT(accepted_summary(statistics_), HasSubstr("Answered 429: 12 requests"));
}

}  // namespace
}  // namespace triggers::swarm
