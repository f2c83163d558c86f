#include "swarm/gate/condition.h"

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

  Kind evaluate(std::string_view text) { return evaluate(text, statistics_); }
  /// Of a closed test of ten seconds with that many users.
  static Kind evaluate(std::string_view text, const Statistics& statistics, std::size_t users = 1) {
    const auto condition = Condition::parse(text);
    EXPECT_TRUE(condition.ok()) << text << ": " << (condition.ok() ? "" : condition.error().message);
    RunReport report;
    report.statistics = &statistics;
    report.started = statistics.start();
    report.ended = 1010;
    report.users_wanted = users;
    return condition->evaluate(report).kind;
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
    EXPECT_EQ(evaluate(fails), Kind::failed) << fails;
    EXPECT_EQ(evaluate(passes), Kind::passed) << passes;
  }
}

TEST_F(Gate, AConditionWithoutDataIsNoSuccess) {
  EXPECT_EQ(evaluate("DELETE /events/{id} p95 > 100ms"), Kind::no_data);
  for (const char* text : {"p95 > 100ms", "error-rate > 1%", "accepted/s < 1000", "requests < 0", "failures > 0"}) {
    EXPECT_EQ(evaluate(text, Statistics{1000}), Kind::no_data) << text;
  }
}

TEST_F(Gate, RefusedByTheRateLimitIsNotAccepted) {
  Statistics limited{1000};
  for (int i = 0; i < 100; ++i) limited.record(posts.limited(), {.latency = 1ms, .finished = 1005});
  EXPECT_EQ(evaluate("accepted/s < 1", limited), Kind::failed);
  EXPECT_EQ(evaluate("POST /events p95 > 100ms", limited), Kind::no_data);
}

TEST_F(Gate, WithoutAnAcceptedEventNothingPassesOfTheirPosts) {
  Statistics refused{1000};
  for (int i = 0; i < 100; ++i) refused.record(posts, {.latency = 1ms, .finished = 1005, .failed = true});
  for (const char* text : {"POST /events p95 > 100ms", "POST /events error-rate > 100%", "POST /events requests < 1",
                           "p95 > 100ms", "requests < 1"}) {
    EXPECT_EQ(evaluate(text, refused), Kind::no_data) << text;
  }
  EXPECT_EQ(evaluate("POST /events error-rate > 1%", refused), Kind::failed) << "what is so is told as so";
  EXPECT_EQ(evaluate("accepted/s < 1", refused), Kind::failed);
  Statistics pages_only{1000};
  for (int i = 0; i < 100; ++i) pages_only.record(pages, {.latency = 1ms, .finished = 1005});
  EXPECT_EQ(evaluate("p95 > 100ms", pages_only), Kind::passed) << "this test sends no events";
}

TEST_F(Gate, OnlyRefusedByTheRateLimitPassesNothingOfAll) {
  Statistics limited{1000};
  for (int i = 0; i < 100; ++i) limited.record(posts.limited(), {.latency = 1ms, .finished = 1005});
  EXPECT_EQ(evaluate("error-rate > 1%", limited), Kind::no_data);
  EXPECT_EQ(evaluate("p95 > 100ms", limited), Kind::no_data);
}

/// A service that answers 4,000 requests of two users in 1 ms each, and in the last seconds none.
Statistics stalled_for(std::chrono::nanoseconds stall) {
  Statistics statistics{1000};
  for (int i = 0; i < 4000; ++i) statistics.record(posts, {.latency = 1ms, .finished = 1002, .accepted = 1});
  statistics.record_cut_off(posts, stall);
  statistics.record_cut_off(posts, stall);
  return statistics;
}

TEST_F(Gate, AStallAtTheEndFailsTheConditionsOfSlowRequests) {
  for (const char* text : {"POST /events p95 > 100ms", "POST /events p95 >= 100ms", "p95 > 100ms",
                           "POST /events max > 1s", "POST /events mean > 100ms"}) {
    EXPECT_EQ(evaluate(text, stalled_for(8s), 2), Kind::failed) << text;
  }
  EXPECT_EQ(evaluate("POST /events max > 1s", stalled_for(1100ms), 2), Kind::failed) << "however short";
  EXPECT_EQ(evaluate("POST /events p50 > 1s", stalled_for(1100ms), 2), Kind::passed) << "a tenth of the time";
  EXPECT_EQ(evaluate("GET /inbox p95 > 100ms", stalled_for(8s), 2), Kind::no_data) << "another name";
}

TEST_F(Gate, UsersThatHadNotStartedAreNotExpectedToSend) {
  // Of a hundred users that were wanted, two were there.
  History history;
  for (int second = 1000; second < 1010; ++second) history.add(second, 1, 2, {});
  const Statistics statistics = stalled_for(8s);
  RunReport report;
  report.statistics = &statistics;
  report.history = &history;
  report.started = 1000;
  report.ended = 1010;
  report.users_wanted = 100;
  EXPECT_EQ(Condition::parse("POST /events p65 > 1s")->evaluate(report).kind, Kind::failed);
}

TEST_F(Gate, AStallAtTheEndIsFailuresOverALimit) {
  for (const char* text : {"error-rate > 1%", "error-rate >= 1%", "POST /events error-rate > 40%", "failures > 1",
                           "failures/s > 0.1", "failures >= 2"}) {
    EXPECT_EQ(evaluate(text, stalled_for(8s), 2), Kind::failed) << text;
  }
  for (const char* text : {"error-rate > 50%", "failures > 2", "requests < 4000", "accepted < 4000"}) {
    EXPECT_EQ(evaluate(text, stalled_for(8s), 2), Kind::passed) << text;
  }
  EXPECT_EQ(evaluate("error-rate > 0%", stalled_for(999ms), 2), Kind::passed) << "the normal end of a test";
  EXPECT_EQ(evaluate("failures > 0", stalled_for(999ms), 2), Kind::passed);
  EXPECT_EQ(evaluate("failures < 1", stalled_for(8s), 2), Kind::failed) << "what never ended makes no condition pass";
}

TEST_F(Gate, RequestsInFlightAreTheNormalEndOfATest) {
  EXPECT_EQ(evaluate("POST /events p95 > 100ms", stalled_for(2ms), 2), Kind::passed);
  EXPECT_EQ(evaluate("POST /events p99.9 > 100ms", stalled_for(99ms), 2), Kind::passed);
}

TEST_F(Gate, UnansweredRequestsAreNoData) {
  Statistics statistics{1000};
  statistics.record_cut_off(posts, 9s);
  EXPECT_EQ(evaluate("POST /events p95 > 100ms", statistics), Kind::no_data);
  EXPECT_EQ(evaluate("p95 > 100ms", statistics), Kind::no_data);
}

TEST_F(Gate, TasksOfAScheduleThatWereNeverSentFailIt) {
  const auto condition = Condition::parse("POST /events p95 > 100ms");
  const Statistics statistics = stalled_for(2ms);
  RunReport report;
  report.statistics = &statistics;
  report.started = 1000;
  report.ended = 1010;
  report.rate = 500;
  EXPECT_EQ(condition->evaluate(report).kind, Kind::passed);
  report.schedule.unsent_ages.add(1s, 1000);
  EXPECT_EQ(condition->evaluate(report).kind, Kind::failed);
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
