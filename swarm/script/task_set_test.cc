// The life of a script's user: start and stop, task sets, and waits.

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <numeric>

#include "swarm/script/test_scripts.h"

namespace triggers::swarm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> first(std::vector<std::string> all, std::size_t count) {
  all.resize(std::min(all.size(), count));
  return all;
}

TEST(TaskSet, ASequentialSetRunsItsTasksInOrderAndInterruptLeavesIt) {
  ScriptRun run(R"(
    local Checkout = swarm.sequential_task_set("Checkout")
    function Checkout:on_start() self:post("/enter") end
    function Checkout:on_stop() self:post("/leave") end
    Checkout:task("add", function(self) self:post("/add") end)
    Checkout:task(2, "look", function(self) self:post("/look") end)
    Checkout:task("pay", function(self)
      assert(self.user.number == 0 and self.parent == self.user)
      self:post("/pay")
      self:interrupt()
    end)
    local U = swarm.user("U")
    function U:on_start() self:post("/start") end
    U:task(Checkout))");
  run.until("/leave", 2);
  EXPECT_EQ(run.first_exception(), "");
  EXPECT_THAT(first(run.targets(), 9),
              ElementsAre("POST /start", "POST /enter", "POST /add", "POST /look", "POST /look", "POST /pay",
                          "POST /leave", "POST /enter", "POST /add"));
}

TEST(TaskSet, SetsMayBeNested) {
  ScriptRun run(R"(
    local Inner = swarm.sequential_task_set("Inner")
    Inner:task("a", function(self) self:post("/a") end)
    Inner:task("b", function(self) self:post("/b") self:interrupt(false) end)
    local Outer = swarm.sequential_task_set("Outer")
    Outer:task("first", function(self) self:post("/first") end)
    Outer:task(Inner)
    Outer:task("last", function(self) self:post("/last") self:interrupt() end)
    local U = swarm.user("U")
    U:task(Outer))");
  run.until("/last", 2);
  EXPECT_EQ(run.first_exception(), "");
  EXPECT_THAT(first(run.targets(), 5), ElementsAre("POST /first", "POST /a", "POST /b", "POST /last", "POST /first"));
}

TEST(TaskSet, OnStopRunsAlsoInTheMiddleOfARequest) {
  ScriptRun run(R"(
    local S = swarm.task_set("S")
    function S:on_stop() self:post("/set") end
    S:task("t", function(self) self:post("/slow") end)
    local U = swarm.user("U")
    function U:on_stop() self:post("/user") self:wait(0.01) self:post("/end") end
    U:task(S))",
                [](std::string_view request, std::size_t) {
                  if (request.find("/slow") != std::string_view::npos) {
                    std::this_thread::sleep_for(std::chrono::milliseconds{300});
                  }
                  return ScriptedServer::ok();
                });
  run.start();
  while (run.requests().empty()) std::this_thread::yield();
  run.test().load->stop(std::chrono::seconds{0});
  run.test().collect();
  EXPECT_THAT(run.targets(), ElementsAre("POST /slow", "POST /set", "POST /user", "POST /end"));
  EXPECT_EQ(run.test().counted.cut_off().requests(), 1U);
  EXPECT_EQ(run.test().entry(RequestName{"POST", "/end"}).requests, 1U);
}

TEST(TaskSet, AUserWhoseStartFailsEnds) {
  ScriptRun run(R"(
    local U = swarm.user("U")
    function U:on_start() error("no start") end
    U:task("t", function(self) self:post("/") end))");
  EXPECT_EQ(run.exception(), "load.lua:3: no start");
  EXPECT_TRUE(run.test().until([&] { return run.test().load->idle(); }));
  EXPECT_EQ(run.requests().size(), 0U);
}

TEST(TaskSet, StopEndsItsUser) {
  ScriptRun run(R"(
    local U = swarm.user("U")
    U:task("t", function(self) self:post("/once") self:stop() end))");
  run.until("/once", 1);
  EXPECT_TRUE(run.test().until([&] { return run.test().load->idle(); }));
  EXPECT_EQ(run.requests().size(), 1U);
}

/// The times between the beginnings of requests, in ms.
std::vector<double> periods(const std::string& wait, const std::string& task) {
  std::array<std::chrono::steady_clock::time_point, 100> times;
  std::atomic<std::size_t> count = 0;
  const auto note = [&](std::string_view, std::size_t number) {
    if (number < times.size()) times[number] = std::chrono::steady_clock::now();
    count = number + 1;
    return ScriptedServer::ok();
  };
  {
    ScriptRun run("local U = swarm.user('U')\nU.wait_time = " + wait + "\nU:task('t', function(self) " + task + " end)",
                  note);
    run.until("p", 6);
    run.stop();
  }
  std::vector<double> between;
  for (std::size_t i = 1; i < std::min(count.load(), times.size()); ++i) {
    between.push_back(std::chrono::duration<double, std::milli>(times[i] - times[i - 1]).count());
  }
  return between;
}

TEST(Waits, AreAtLeastWhatTheyPromise) {
  const std::pair<const char*, double> table[] = {{"swarm.constant(0.05)", 70},
                                                  {"swarm.between(0.05, 0.06)", 70},
                                                  {"swarm.constant_pacing(0.05)", 50},
                                                  {"swarm.constant_throughput(20)", 50},
                                                  {"function(self) return 0.05 end", 70}};
  for (const auto& [wait, least] : table) {
    const auto between = periods(wait, "self:post('/', {name = 'p'}) self:wait(0.02)");
    const double mean = std::accumulate(between.begin(), between.end(), 0.0) / static_cast<double>(between.size());
    EXPECT_GE(mean, least - 3) << wait;
    EXPECT_LT(mean, least + 40) << wait;
  }
}

TEST(Waits, AFunctionThatReturnsNoNumberIsAnException) {
  ScriptRun run(R"(
    local U = swarm.user("U")
    U.wait_time = function() return "x" end
    U:task("t", function(self) self:post("/") end))");
  EXPECT_THAT(run.exception(), HasSubstr("wait_time() returned no number"));
}

TEST(OpenModel, ATaskSetRunsOneTaskForEachArrival) {
  ScriptRun run(R"(
    local S = swarm.sequential_task_set("S")
    S:task("a", function(self) self:post("/a") end)
    S:task("b", function(self) self:post("/b") end)
    local U = swarm.user("U")
    U:task(S))",
                ScriptRun::answer_all, {.rate = LoadCurve::constant(50)});
  ASSERT_TRUE(run.script().declare_users().ok());
  run.start();
  EXPECT_TRUE(run.test().until([&] { return !run.test().load->starting(); }));
  run.test().load->start_schedule(std::chrono::steady_clock::now());
  run.until("/b", 3);
  EXPECT_THAT(first(run.targets(), 4), ElementsAre("POST /a", "POST /b", "POST /a", "POST /b"));
}

}  // namespace
}  // namespace triggers::swarm
