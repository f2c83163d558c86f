#include "swarm/run/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const RequestName posts{"POST", "POST /events"};

/// A test of ten seconds that answered everything in a millisecond.
class WarningsTest : public testing::Test {
 protected:
  WarningsTest() {
    statistics_.record(posts, {.latency = 1ms, .finished = 1005, .accepted = 1});
    report_.statistics = &statistics_;
    report_.started = 1000;
    report_.ended = 1010;
  }

  Statistics statistics_{1000};
  RunReport report_;
};

TEST_F(WarningsTest, AGoodTestHasNone) {
  statistics_.record_cut_off(posts, 2ms);
  EXPECT_THAT(warnings_of(report_), IsEmpty());
}

TEST_F(WarningsTest, ALateGeneratorSaysHowManyHowLateAndWhatThatCanHaveChanged) {
  report_.rate = 400;
  report_.schedule.arrivals = 4000;
  report_.schedule.behind = 10;
  report_.schedule.behind_max = 17ms;
  EXPECT_THAT(warnings_of(report_), ElementsAre(AllOf(HasSubstr("10 of 4000 tasks (0.25 %)"),
                                                      HasSubstr("at most 17.0 ms"), HasSubstr("the others are correct"),
                                                      HasSubstr("the reported p95 is at most the true p95.25"))));
  report_.schedule.behind = 400;
  EXPECT_THAT(warnings_of(report_), ElementsAre(HasSubstr("the percentiles above p90 say little")));
}

TEST_F(WarningsTest, UsersWithoutAConnectionAtTheStartOfTheScheduleAreNamed) {
  report_.rate = 400;
  report_.schedule.arrivals = 4000;
  report_.schedule.unconnected = 3;
  EXPECT_THAT(warnings_of(report_), ElementsAre(HasSubstr("3 users got no connection before the schedule began")));
}

TEST_F(WarningsTest, AStallAtTheEndIsNamed) {
  statistics_.record_cut_off(posts, 1900ms);
  EXPECT_THAT(warnings_of(report_), ElementsAre(AllOf(HasSubstr("1 requests were in flight"), HasSubstr("1.90 s"))));
}

TEST_F(WarningsTest, WhatRefusedTheTestComesFirst) {
  report_.refusal = "cannot connect to http://localhost:8000";
  EXPECT_THAT(warnings_of(report_), ElementsAre(HasSubstr("cannot connect to http://localhost:8000")));
}

TEST_F(WarningsTest, ARateLimitIsNamedAsWhatWasMeasured) {
  statistics_.record(posts.limited(), {.latency = 1ms, .finished = 1005});
  EXPECT_THAT(warnings_of(report_),
              ElementsAre(AllOf(HasSubstr("1 requests were answered 429"), Not(HasSubstr("stall")))));
}

}  // namespace
}  // namespace triggers::swarm
