#include "swarm/report/console_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class ConsoleTablesTest : public testing::Test {
 protected:
  void requests(RequestName name, int count, std::chrono::nanoseconds latency, std::uint32_t accepted) {
    Sample sample;
    sample.latency = latency;
    sample.finished = 1010;
    sample.accepted = accepted;
    for (int i = 0; i < count; ++i) statistics_.record(name, sample);
  }

  /// Of a closed test of ten seconds with one user.
  std::string summary() {
    RunReport report = report_;
    report.statistics = &statistics_;
    report.started = 1000;
    report.ended = 1010;
    report.users_wanted = 1;
    return accepted_summary(report);
  }

  RunReport report_;
  Statistics statistics_{1000};
};

/// The widest line.
std::size_t columns_of(const std::string& text) {
  std::size_t most = 0, columns = 0;
  for (const char c : text) {
    columns = c == '\n' ? 0 : columns + ((static_cast<unsigned char>(c) & 0xc0) == 0x80 ? 0 : 1);
    most = std::max(most, columns);
  }
  return most;
}

TEST_F(ConsoleTablesTest, ANameHasOneRow) {
  requests(RequestName("GET", "/ok"), 36, 1900us, 0);
  EXPECT_THAT(request_table(statistics_, 10, RatesOver::all),
              HasSubstr("\nGET    /ok             36     0(0.00%) |     3.60        0.00\n"));
  EXPECT_THAT(request_table(statistics_, 10, RatesOver::recent), Not(HasSubstr("3.60")));
}

TEST_F(ConsoleTablesTest, TimesHaveDigitsWhereTheyAreShort) {
  requests(RequestName("GET", "/ok"), 3, 214us, 0);
  requests(RequestName("GET", "/slow"), 1, 123'456ms, 0);
  const std::string table = percentile_table(statistics_, 10);
  EXPECT_THAT(table, HasSubstr("\nGET    /ok        0.214 0.214 0.214 0.214 0.214 0.214 0.214 0.214\n"));
  EXPECT_THAT(table, HasSubstr("\nGET    /slow       123s  123s"));
}

TEST_F(ConsoleTablesTest, TheApisNamesFitEightyColumns) {
  for (const char* name : {"DELETE /events/{id}", "GET /events/{id}", "POST /events"}) {
    requests(RequestName("DELETE", name), 1'234'567, 9999ms, 1);
  }
  requests(RequestName("POST", "POST /events").limited(), 1, 1ms, 0);
  const std::size_t width = name_width(statistics_, 80);
  for (const std::string& table :
       {request_table(statistics_, width, RatesOver::all), percentile_table(statistics_, width), summary()}) {
    EXPECT_LE(columns_of(table), 80U) << table;
    EXPECT_THAT(table, Not(HasSubstr("…")));
  }
}

TEST_F(ConsoleTablesTest, ALongNameIsCutInItsMiddle) {
  requests(RequestName("GET", "größe/" + std::string(100, 'x') + "/名前"), 1, 1ms, 0);
  EXPECT_EQ(name_width(statistics_, std::nullopt), 80U);
  const std::size_t width = name_width(statistics_, 80);
  const std::string table = percentile_table(statistics_, width);
  EXPECT_LE(columns_of(table), 80U);
  EXPECT_THAT(table, HasSubstr("GET    größe/xxxxxx…"));
  EXPECT_THAT(table, HasSubstr("x/名前 "));
}

TEST_F(ConsoleTablesTest, WithoutFailuresThereIsNoErrorReport) {
  EXPECT_EQ(error_report(statistics_), "");
  statistics_.record_failure(RequestName("GET", "/ok"), "no", 1001);
  EXPECT_THAT(error_report(statistics_), HasSubstr("\n1              GET /ok: no\n"));
}

TEST_F(ConsoleTablesTest, ExceptionsAreCounted) {
  EXPECT_EQ(exception_report(statistics_), "");
  for (int i = 0; i < 3; ++i) statistics_.record_exception("load.lua:5: no", "U.task");
  EXPECT_THAT(exception_report(statistics_), HasSubstr("\n3              load.lua:5: no\n"));
}

TEST_F(ConsoleTablesTest, TheSummarySaysWhatWasAccepted) {
  requests(RequestName("POST", "POST /events"), 30, 2ms, 1);
  EXPECT_EQ(summary(), "Accepted events: 30 (3.00 a second)\n\n");
}

TEST_F(ConsoleTablesTest, WhatARateLimitRefusedIsSaidAndNotAccepted) {
  const RequestName post("POST", "POST /events");
  requests(post, 30, 2ms, 1);
  requests(post.limited(), 12, 1ms, 0);
  EXPECT_THAT(summary(), HasSubstr("Accepted events: 30 (3.00 a second)\n"));
  EXPECT_THAT(summary(), HasSubstr("Rate-limited (429): 12 requests"));
}

TEST_F(ConsoleTablesTest, AScheduleSaysHowExactItWasAndWhatWasNeverSentAndWhy) {
  EXPECT_THAT(summary(), Not(HasSubstr("Schedule")));
  report_.rate = 100;
  report_.schedule.arrivals = 1000;
  for (int i = 0; i < 990; ++i) report_.schedule.own_lateness.add(50us);
  for (int i = 0; i < 10; ++i) report_.schedule.own_lateness.add(2ms);
  EXPECT_THAT(summary(), testing::ContainsRegex("Schedule: 1000 tasks begun; swarm was late by p50 0.05., p99 "
                                                "[0-9.]+, max (2.0.|1.99) ms\n"));
  EXPECT_THAT(summary(), Not(HasSubstr("ever sent")));
  report_.schedule.waited_for_user = 40;
  report_.schedule.unsent = 30;
  report_.schedule.unsent_without_user = 25;
  report_.schedule.unsent_behind = 4;
  EXPECT_THAT(summary(), HasSubstr("Waited for a free user: 40 tasks, as all of --users were in flight\n"));
  EXPECT_THAT(summary(), HasSubstr("Never sent: 30 tasks (25 without a free user, 4 because swarm was late)\n"));
  EXPECT_LE(columns_of(summary()), 80U);
}

TEST_F(ConsoleTablesTest, WhatTheWarmUpSentIsSaidAndNotCounted) {
  EXPECT_THAT(summary(), Not(HasSubstr("Not counted")));
  report_.uncounted = {.requests = 3, .failures = 0, .accepted = 0};
  EXPECT_THAT(summary(),
              HasSubstr("Not counted: 3 requests (0 failed, 0 events accepted) before the schedule began\n"));
  report_.uncounted = {.requests = 500, .failures = 2, .accepted = 498};
  report_.warm_up = 5s;
  EXPECT_THAT(summary(),
              HasSubstr("Not counted: 500 requests (2 failed, 498 events accepted) of the warm-up of 5 s\n"));
  EXPECT_LE(columns_of(summary()), 80U);
}

TEST_F(ConsoleTablesTest, WhatWasCutOffIsSaid) {
  statistics_.record_cut_off(RequestName("POST", "POST /events"), 1950ms);
  statistics_.record_cut_off(RequestName("POST", "POST /events"), 3ms);
  EXPECT_THAT(summary(), HasSubstr("Cut off at the end: 2 requests, in flight for up to 1950 ms"));
}

TEST_F(ConsoleTablesTest, WhatStalledAtTheEndIsSaidWithTheErrorRate) {
  requests(RequestName("POST", "POST /events"), 500, 10ms, 1);
  statistics_.record_cut_off(RequestName("POST", "POST /events"), 900ms);
  EXPECT_THAT(summary(), Not(HasSubstr("Stalled")));
  statistics_.record_cut_off(RequestName("POST", "POST /events"), 3s);
  EXPECT_THAT(summary(), testing::ContainsRegex(
                             "Stalled at the end: 1 requests, for over 1.0 s; error rate with them: (16|17)[.]"));
  EXPECT_LE(columns_of(summary()), 80U);
}

}  // namespace
}  // namespace triggers::swarm
