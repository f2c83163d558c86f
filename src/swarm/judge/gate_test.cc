#include "swarm/judge/gate.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using Kind = Condition::Verdict::Kind;

const RequestName posts{"POST", "POST /events"};
const RequestName pages{"GET", "GET /inbox"};

/// Ten seconds: 95 posts of 10 ms that were accepted, 5 of 200 ms that failed, 100 pages of 1 ms.
class Gate : public ::testing::Test {
 protected:
  Gate() {
    for (int i = 0; i < 95; ++i) statistics_.record(posts, {.latency = 10ms, .finished = 1005, .accepted = 1});
    for (int i = 0; i < 5; ++i) statistics_.record(posts, {.latency = 200ms, .finished = 1005, .failed = true});
    for (int i = 0; i < 100; ++i) statistics_.record(pages, {.latency = 1ms, .finished = 1005});
  }

  Kind judge(std::string_view text) { return judge(text, statistics_); }
  static Kind judge(std::string_view text, const Statistics& statistics) {
    const auto condition = Condition::parse(text);
    EXPECT_TRUE(condition.ok()) << text << ": " << (condition.ok() ? "" : condition.error().message);
    RunReport report;
    report.statistics = &statistics;
    report.started = statistics.start();
    report.ended = 1010;
    return condition->judge(report).kind;
  }

  Statistics statistics_{1000};
};

struct Case {
  const char* fails;
  const char* passes;
};

TEST_F(Gate, EveryConditionCanFailAndCanPass) {
  for (const auto& [fails, passes] :
       std::initializer_list<Case>{{"POST /events p99 > 100ms", "POST /events p95 > 100ms"},
                                   {"POST /events p99 > 0.1s", "POST /events p99 > 1s"},
                                   {"POST /events p50 >= 5000us", "POST /events p50 > 20000 us"},
                                   {"p50 < 100ms", "p50 < 1us"},
                                   {"GET /inbox max > 0.5ms", "GET /inbox max > 1ms"},
                                   {"GET /inbox min >= 1ms", "GET /inbox min > 1ms"},
                                   {"POST /events mean > 19ms", "POST /events mean > 20ms"},
                                   {"error-rate > 2%", "error-rate > 2.5 %"},
                                   {"POST /events error-rate > 1%", "GET /inbox error-rate > 1%"},
                                   {"accepted/s < 10", "accepted/s < 9.5"},
                                   {"accepted <= 95", "accepted < 95"},
                                   {"requests/s < 21", "requests/s < 20"},
                                   {"failures > 4", "failures > 5"},
                                   {"failures/s > 0.4", "failures/s > 0.5"},
                                   {"requests < 201", "requests < 200"}}) {
    EXPECT_EQ(judge(fails), Kind::failed) << fails;
    EXPECT_EQ(judge(passes), Kind::passed) << passes;
  }
}

TEST_F(Gate, NothingToJudgeIsNoSuccess) {
  EXPECT_EQ(judge("DELETE /events/{id} p95 > 100ms"), Kind::nothing_to_judge);
  for (const char* text : {"p95 > 100ms", "error-rate > 1%", "accepted/s < 1000", "requests < 0", "failures > 0"}) {
    EXPECT_EQ(judge(text, Statistics{1000}), Kind::nothing_to_judge) << text;
  }
}

TEST_F(Gate, RefusedByTheRateLimitIsNotAccepted) {
  Statistics limited{1000};
  for (int i = 0; i < 100; ++i) limited.record(posts.limited(), {.latency = 1ms, .finished = 1005});
  EXPECT_EQ(judge("accepted/s < 1", limited), Kind::failed);
  EXPECT_EQ(judge("POST /events p95 > 100ms", limited), Kind::nothing_to_judge);
}

TEST_F(Gate, RefusesWhatIsNotACondition) {
  for (const char* text : {"",
                           "p95",
                           "p95 > ",
                           "p95 > 100",
                           "p95 > 100m",
                           "p95 = 100ms",
                           "p0 > 1ms",
                           "p101 > 1ms",
                           "px > 1ms",
                           "p > 1ms",
                           "p95 > -1ms",
                           "error-rate > 1",
                           "error-rate > 1ms",
                           "accepted/s < 10%",
                           "speed > 1",
                           "POST /events > 100ms",
                           "> 100ms",
                           "p95 > 100ms or more",
                           "error-rate/s > 1%",
                           "p95 => 1ms",
                           "requests < nan",
                           "requests > inf",
                           "p95 > infms"}) {
    const auto condition = Condition::parse(text);
    ASSERT_FALSE(condition.ok()) << text;
    EXPECT_EQ(condition.error().code, ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace triggers::swarm
