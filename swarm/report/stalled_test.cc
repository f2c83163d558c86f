#include "swarm/report/stalled.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

const RequestName posts("POST", "POST /events");

/// A closed test of ten seconds with two users, in which 1,000 requests took `latency`.
class StalledTest : public testing::Test {
 protected:
  void answers(std::chrono::nanoseconds latency) {
    for (int i = 0; i < 1000; ++i) statistics_.record(posts, {.latency = latency, .finished = 1005});
    report_.statistics = &statistics_;
    report_.started = 1000;
    report_.ended = 1010;
    report_.users_wanted = 2;
  }
  Stalled stalled() { return stalled_of(select(statistics_), report_); }

  Statistics statistics_{1000};
  RunReport report_;
};

TEST_F(StalledTest, RequestsInFlightAreTheNormalEndOfATest) {
  answers(10ms);
  statistics_.record_cut_off(posts, 10ms);
  statistics_.record_cut_off(posts, 900ms);
  EXPECT_EQ(stalled().requests, 0U);
  EXPECT_EQ(stalled().missing, 0U);
}

TEST_F(StalledTest, OfASlowServiceAWaitAsLongAsItsAnswersIsNormal) {
  answers(5s);
  statistics_.record_cut_off(posts, 4s);
  EXPECT_EQ(stalled().requests, 0U);
  statistics_.record_cut_off(posts, 6s);
  EXPECT_EQ(stalled().requests, 1U);
}

TEST_F(StalledTest, AStallCountsForAsMuchAsItsPartOfTheTest) {
  answers(10ms);
  statistics_.record_cut_off(posts, 6s);
  statistics_.record_cut_off(posts, 6s);
  // A request each 20 ms of a user's time: 250 in the five seconds over the limit.
  EXPECT_EQ(stalled().requests, 2U);
  EXPECT_NEAR(static_cast<double>(stalled().missing), 500, 15);
  EXPECT_NEAR(error_rate_with(stalled(), select(statistics_).ended), 33.3, 1);
}

TEST_F(StalledTest, OneNameIsJudgedByItsOwnRequests) {
  answers(10ms);
  statistics_.record(RequestName("GET", "GET /inbox"), {.latency = 1ms, .finished = 1005});
  statistics_.record_cut_off(posts, 6s);
  EXPECT_EQ(stalled_of(select(statistics_, "GET /inbox"), report_).requests, 0U);
  EXPECT_EQ(stalled_of(select(statistics_, "POST /events"), report_).requests, 1U);
}

TEST_F(StalledTest, InTheOpenModelEachCountsOnceSentOrNot) {
  answers(10ms);
  report_.rate = 100;
  statistics_.record_cut_off(posts, 6s);
  report_.schedule.unsent_ages.add(3s, 20);
  report_.schedule.unsent_ages.add(500ms, 20);
  EXPECT_EQ(stalled().requests, 21U);
  EXPECT_EQ(stalled().missing, 21U);
}

TEST_F(StalledTest, WithoutAnyAnswerWhatWaitedHasStalled) {
  report_.statistics = &statistics_;
  report_.started = 1000;
  report_.ended = 1010;
  report_.users_wanted = 1;
  statistics_.record_cut_off(posts, 9s);
  EXPECT_EQ(stalled().requests, 1U);
  EXPECT_EQ(error_rate_with(stalled(), select(statistics_).ended), 100);
}

}  // namespace
}  // namespace triggers::swarm
