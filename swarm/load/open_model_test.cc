// Loads of the open model: users connect before the schedule, latencies count from when a task was due, and what was
// never sent or not counted is known. The times of the schedule alone are in arrivals_test.cc.

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "swarm/load/load_fixture.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

TEST(OpenModel, MeasuresFromWhenARequestWasDueSoThatAStallCannotHide) {
  // One answer takes half a second; a hundred a second are due.
  std::atomic<bool> stalled = false;
  ScriptedServer server([&](std::string_view, std::size_t number) {
    if (number == 20 && !stalled.exchange(true)) std::this_thread::sleep_for(500ms);
    return ScriptedServer::ok();
  });
  LoadTest test(server.url(), {&getter}, {.rate = LoadCurve::constant(100)});
  test.start_schedule({1});
  ASSERT_TRUE(test.count(get_thing, 100));
  test.load->stop(5s);
  const Entry& entry = test.entry(get_thing);
  // Those that were due during the stall have waited too: some 50 of 100, and not the one that a closed model sees.
  EXPECT_GT(entry.latencies.quantile(0.8), 100ms);
  const Schedule schedule = test.load->schedule();
  EXPECT_EQ(schedule.arrivals, entry.requests);
  EXPECT_GT(schedule.waited_for_user, 30U);
}

TEST(OpenModel, TellsWhatWasDueAndNeverSent) {
  std::promise<void> release;
  ScriptedServer server([&, released = release.get_future().share()](std::string_view, std::size_t) {
    released.wait();
    return ScriptedServer::ok();
  });
  LoadTest test(server.url(), {&getter}, {.rate = LoadCurve::constant(1000)});
  test.start_schedule({1});
  ASSERT_TRUE(test.until([&] { return server.requests() > 0 && test.load->schedule().arrivals > 0; }));
  std::this_thread::sleep_for(50ms);  // time in which arrivals are due; more of it changes nothing
  test.load->stop(0s);
  release.set_value();
  const Schedule schedule = test.load->schedule();
  EXPECT_EQ(schedule.arrivals, 1U);
  EXPECT_EQ(schedule.unfinished, 1U);
  EXPECT_GE(schedule.unsent, 45U);
}

TEST(OpenModel, ConnectsItsUsersBeforeTheScheduleSoThatNoLatencyIncludesIt) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  LoadTest test(server.url(), {&getter}, {.threads = 2, .rate = LoadCurve::constant(500)});
  test.load->set_users({300}, 0s);
  ASSERT_TRUE(test.until([&] { return !test.load->starting() && server.connections() == 300; }));
  EXPECT_EQ(test.load->users(), std::vector<std::size_t>{300});
  EXPECT_EQ(server.requests(), 0U);
  test.load->start_schedule(std::chrono::steady_clock::now());
  ASSERT_TRUE(test.count(get_thing, 400));
  test.load->stop(5s);
  EXPECT_EQ(server.connections(), 300U) << "each request had a connection";
  EXPECT_EQ(test.load->schedule().unconnected, 0U);
}

TEST(OpenModel, AUserThatCannotConnectIsCountedAndIsNoFailedRequest) {
  std::string dead_url;
  {
    dead_url = ScriptedServer([](std::string_view, std::size_t) { return ScriptedServer::ok(); }).url();
  }
  LoadTest test(dead_url, {&getter}, {.rate = LoadCurve::constant(1000)});
  test.load->set_users({5}, 0s);
  ASSERT_TRUE(test.until([&] { return !test.load->starting(); }));
  EXPECT_EQ(test.load->schedule().unconnected, 5U);
  EXPECT_EQ(test.entry(get_thing).requests, 0U);
  ASSERT_TRUE(test.load->start_refusal().has_value());
  EXPECT_NE(test.load->start_refusal()->find("ConnectionRefusedError"), std::string::npos);
  test.load->stop(0s);
}

TEST(OpenModel, CountsOnlyWhatIsDueFromTheEndOfTheWarmUp) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  LoadTest test(server.url(), {&getter}, {.rate = LoadCurve::constant(1000)});
  test.load->set_users({5}, 0s);
  ASSERT_TRUE(test.until([&] { return !test.load->starting(); }));
  const auto start = std::chrono::steady_clock::now();
  test.load->count_from(start + 100ms);
  test.load->start_schedule(start);
  ASSERT_TRUE(test.count(get_thing, 50));
  test.load->stop(5s);
  const Schedule schedule = test.load->schedule();
  EXPECT_EQ(test.load->uncounted().requests, 100U) << "due at 0, 1, … 99 ms";
  EXPECT_EQ(test.load->uncounted().requests + test.entry(get_thing).requests, server.requests());
  EXPECT_EQ(schedule.arrivals, test.entry(get_thing).requests);
  EXPECT_EQ(schedule.lateness.count(), schedule.arrivals);
}

TEST(OpenModel, SaysWhyATaskWasNeverSent) {
  std::promise<void> release;
  ScriptedServer server([&, released = release.get_future().share()](std::string_view, std::size_t) {
    released.wait();
    return ScriptedServer::ok();
  });
  LoadTest test(server.url(), {&getter}, {.rate = LoadCurve::constant(1000)});
  test.start_schedule({2});
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(test.until([&] { return server.requests() == 2 && std::chrono::steady_clock::now() > begun + 50ms; }));
  test.load->stop(0s);
  release.set_value();
  const Schedule schedule = test.load->schedule();
  EXPECT_GE(schedule.unsent, 40U);
  EXPECT_EQ(schedule.unsent_without_user, schedule.unsent);
  EXPECT_EQ(schedule.unsent_behind, 0U);
  EXPECT_EQ(schedule.own_lateness.count(), 2U) << "of the two that had a user";
}

TEST(OpenModel, FollowsStagesToTheirEnd) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  for (const ArrivalSpread spread : {ArrivalSpread::constant, ArrivalSpread::poisson}) {
    const std::size_t before = server.requests();
    LoadTest test(server.url(), {&getter},
                  {.threads = 2,
                   .rate = LoadCurve::of_stages({{std::chrono::milliseconds{100}, 2000}, {100ms, 2000}, {100ms, 0}}),
                   .spread = spread});
    test.start_schedule({20});
    // 100 tasks, 200 and 100; a wrong alarm with Poisson is seven standard deviations away.
    ASSERT_TRUE(test.count(get_thing, spread == ArrivalSpread::constant ? 400 : 260));
    test.load->stop(5s);
    EXPECT_EQ(test.load->schedule().arrivals, server.requests() - before);
    EXPECT_LE(test.load->schedule().arrivals, spread == ArrivalSpread::constant ? 400U : 540U);
  }
}

TEST(OpenModel, RunsSoManyIterationsAndNoMore) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  LoadTest test(server.url(), {&getter}, {.threads = 2, .rate = LoadCurve::constant(5000), .iterations = 101});
  test.start_schedule({10});
  ASSERT_TRUE(test.until([&] { return test.load->tasks_used_up(); }));
  test.load->stop(5s);
  EXPECT_EQ(server.requests(), 101U);
  EXPECT_EQ(test.load->schedule().unsent, 0U);
}

}  // namespace
}  // namespace triggers::swarm
