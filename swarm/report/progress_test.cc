#include "swarm/report/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

// The histogram gives percentiles within 1 %.

/// A test that has run for some seconds, with 100 requests in each, of 1 to 100 ms.
class Running {
 public:
  explicit Running(int seconds, std::chrono::nanoseconds unit = 1ms) {
    const RequestName name("POST", "POST /events");
    for (int second = 0; second < seconds; ++second) {
      Statistics newer;
      for (int i = 1; i <= 100; ++i)
        newer.record(name, {.latency = i * unit, .finished = 1000.0 + second, .accepted = 1});
      statistics_.merge(newer);
      history_.add(1000 + second, 1, 50, newer.aggregated());
    }
    report.users = {20, 30};
    report.users_wanted = 50;
    report.started = 1000;
    report.ended = 1000 + seconds;
    report.run_time = 300s;
    report.statistics = &statistics_;
    report.history = &history_;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void fail(std::uint64_t times) {
    const RequestName name("GET", "GET /inbox");
    for (std::uint64_t i = 0; i < times; ++i)
      statistics_.record(name, {.latency = 1ms, .finished = 1001, .failed = true});
  }
  [[nodiscard]] std::string line(std::size_t columns, ProgressStyle style = {}) const {
    return progress_line(report, columns, style);
  }

  RunReport report;

 private:
  Statistics statistics_{1000};
  History history_;
};

TEST(Progress, AWideLineTellsEverything) {
  const Running running(20);
  EXPECT_EQ(running.line(120),
            "4:40 left  50 users    100 req/s  p50 49.9 p95 95.2 p99 98.8 ms  0 failed    100 accepted/s");
}

TEST(Progress, EightyColumnsHoldAllPercentilesAndFailures) {
  Running running(20);
  running.report.users = {200, 300};
  running.report.users_wanted = 500;
  running.fail(12'345);
  const std::string line = running.line(80);
  EXPECT_THAT(line, HasSubstr("500 users"));
  EXPECT_THAT(line, HasSubstr("p50 49.9 p95 95.2 p99 98.8 ms"));
  EXPECT_THAT(line, HasSubstr("12345 failed"));
}

TEST(Progress, FortyColumnsKeepTimeThroughputAndP95) {
  const Running running(20);
  EXPECT_EQ(running.line(40), "4:40 left    100 req/s  p95 95.2 ms");
}

TEST(Progress, NarrowLinesKeepFailuresBeforeAnythingElse) {
  Running running(20);
  running.fail(3);
  EXPECT_EQ(running.line(12), "3 failed");
}

TEST(Progress, IsNeverAsWideAsTheTerminal) {
  Running running(700);
  running.fail(99);
  for (std::size_t columns = 0; columns < 200; ++columns) {
    for (const ProgressStyle style : {ProgressStyle{}, ProgressStyle{.colour = true, .blocks = true}}) {
      const std::string line = running.line(columns, style);
      EXPECT_LE(columns_of(line), columns == 0 ? 0 : columns - 1) << line;
      EXPECT_FALSE(find_invalid_utf8(line));
    }
  }
}

TEST(Progress, FiguresAreOfTheLastTenSecondsAlsoAfterHours) {
  Running running(1500);
  running.report.run_time = 10h;
  EXPECT_THAT(running.line(100), HasSubstr("  100 req/s"));
  EXPECT_THAT(running.line(100), HasSubstr("9:35:00 left"));
}

TEST(Progress, WithoutALimitTellsTheTimeThatHasPassed) {
  Running running(75);
  running.report.run_time = 0s;
  EXPECT_THAT(running.line(80), ::testing::StartsWith("1:15  50 users"));
}

TEST(Progress, WhileUsersAreStartedTellsHowMany) {
  Running running(5);
  running.report.users = {3, 4};
  EXPECT_THAT(running.line(100), HasSubstr(" 7/50 users"));
}

TEST(Progress, LongLatenciesAreInSeconds) {
  const Running running(20, 1s);
  EXPECT_THAT(running.line(100), HasSubstr("p50 50.1 p95 94.8 p99 99.1 s "));
}

TEST(Progress, BeforeTheFirstSecondThereAreNoLatencies) {
  const Running running(0);
  EXPECT_EQ(running.line(100),
            "5:00 left  50 users      0 req/s  p50    – p95    – p99    – ms  0 failed      0 accepted/s");
}

TEST(Progress, OnlyFailuresAndTheSparklineAreColoured) {
  Running running(20);
  EXPECT_THAT(running.line(200, {.colour = true}), Not(HasSubstr("\x1b")));
  running.fail(1);
  EXPECT_THAT(running.line(200, {.colour = true}), HasSubstr("\x1b[31m1 failed\x1b[0m"));
  EXPECT_THAT(running.line(200, {.blocks = true}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(running.line(200, {.blocks = true}), ::testing::EndsWith("████"));
}

}  // namespace
}  // namespace triggers::swarm
