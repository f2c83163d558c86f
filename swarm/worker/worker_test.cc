#include "swarm/worker/worker.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <stdexcept>

#include "swarm/load/scripted_server.h"
#include "swarm/load/user.h"
#include "swarm/load/user_class.h"
#include "swarm/worker/scripted_master.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using msgpack::Value;
using Map = Value::Map;

const RequestName get_a{"GET", "GET /a"}, get_b{"GET", "GET /b"};

class Asker final : public User {
 public:
  using User::User;
  Task<void> ask_a() { const Response response = co_await get(get_a, "/a"); }
  Task<void> ask_b() { const Response response = co_await get(get_b, "/b"); }
};

class Thrower final : public User {
 public:
  using User::User;
  Task<void> run() {
    throw std::runtime_error("a bug of the user");
    co_return;
  }
};

[[maybe_unused]] const UserClass& asker = UserClass::declare("Asker", make<Asker>)
                                              .waits(constant(0.002))
                                              .task("ask_a", 1, task<&Asker::ask_a>)
                                              .task("ask_b", 1, task<&Asker::ask_b>);
[[maybe_unused]] const UserClass& idler =
    UserClass::declare("Idler", make<Asker>).waits(constant(3600)).task("ask_a", 1, task<&Asker::ask_a>);
[[maybe_unused]] const UserClass& thrower =
    UserClass::declare("Thrower", make<Thrower>).waits(constant(3600)).task("run", 1, task<&Thrower::run>);
[[maybe_unused]] const UserClass& keyless =
    UserClass::declare("Keyless", make<Asker>).task("ask_a", 1, task<&Asker::ask_a>).needs([]() -> Status {
      return Error{ErrorCode::invalid_argument, "there is no key"};
    });

WorkerTimes quick() {
  return {.heartbeat_interval = 20ms,
          .report_interval = 50ms,
          .ack_timeout = 5s,
          .ack_tries = 3,
          .master_lost_max = 10s,
          .master_silence_max = 10s,
          .log_interval = 20ms};
}

/// A worker on a thread, and what it writes.
class RunningWorker {
 public:
  explicit RunningWorker(std::uint16_t master_port, WorkerTimes times = quick(), std::string host = {}) {
    std::string name = (std::filesystem::temp_directory_path() / "worker-test-XXXXXX").string();
    const int file = ::mkstemp(name.data());
    EXPECT_GE(file, 0);
    ::close(file);
    log_path_ = name;
    options_.master_port = master_port;
    options_.host = std::move(host);
    options_.times = times;
    std::promise<pthread_t> started;
    auto thread = started.get_future();
    status_ = std::async(std::launch::async, [this, &started] {
      Console console{LogLevel::debug};
      EXPECT_TRUE(console.log_to(log_path_));
      started.set_value(::pthread_self());
      return run_worker(options_, console);
    });
    thread_ = thread.get();
  }
  RunningWorker(const RunningWorker&) = delete;
  RunningWorker& operator=(const RunningWorker&) = delete;
  ~RunningWorker() {
    if (status_.valid()) {
      interrupt();
      interrupt();
      status_.wait();
    }
    std::filesystem::remove(log_path_);
  }

  /// A signal to this worker alone. It has blocked it, once it has said that it is ready.
  void interrupt() const { ::pthread_kill(thread_, SIGTERM); }  // NOLINT(bugprone-bad-signal-to-kill-thread): blocked
  /// Its exit status; -1 if it has not ended after ten seconds.
  int status() {
    if (status_.wait_for(10s) != std::future_status::ready) return -1;
    return status_.get();
  }
  [[nodiscard]] std::string log() const {
    std::stringstream text;
    text << std::ifstream{log_path_}.rdbuf();
    return text.str();
  }

 private:
  WorkerOptions options_;
  std::string log_path_;
  pthread_t thread_{};
  std::future<int> status_;
};

/// A master, a service that answers everything, and a worker between them.
class WorkerTest : public testing::Test {
 protected:
  /// The master registers the worker and spawns users.
  void begin(Map users, double stop_timeout = 5, Map options = {}) {
    master_.take_worker();
    master_.spawn(std::move(users), service_.url(), stop_timeout, std::move(options));
    master_.expect("spawning");
  }
  void take_until_reported(std::uint64_t requests) {
    EXPECT_TRUE(master_.take_until([&](const auto&) { return master_.requests() >= requests; }));
  }

  ScriptedMaster master_;
  ScriptedServer service_{[](auto, auto) { return ScriptedServer::ok(); }};
  RunningWorker worker_{master_.port()};
};

TEST_F(WorkerTest, NoHeartbeatComesBeforeTheMasterKnowsTheWorker) {
  // A master that knows no worker takes a heartbeat for the end of its test.
  std::string first;
  ASSERT_TRUE(master_.take_until([&](const auto& message) {
    first = message.type;
    return true;
  }));
  EXPECT_EQ(first, "client_ready");
  master_.send("ack", Map{{"index", 0}});
  EXPECT_TRUE(master_.take_until([](const auto& message) { return message.type == "heartbeat"; }));
}

TEST_F(WorkerTest, AfterATestNoHeartbeatComesBetweenStoppedAndReady) {
  begin({{"Asker", 1}});
  master_.expect("spawning_complete");
  master_.send("stop");
  std::string last;
  ASSERT_TRUE(master_.take_until([&](const auto& message) {
    const bool between = last == "client_stopped";
    last = message.type;
    return between;
  }));
  EXPECT_EQ(last, "client_ready");
}

TEST_F(WorkerTest, MoreUsersThanItCanHaveAreRefusedAndToldAndTheOthersGoOn) {
  begin({{"Asker", 2}});
  master_.expect("spawning_complete");
  master_.spawn({{"Asker", 50'000'000}}, service_.url());
  master_.expect("spawning");
  const auto complaint = master_.expect("exception");
  ASSERT_NE(complaint.data.find("msg"), nullptr);
  EXPECT_NE(complaint.data.find("msg")->text().value().find("50000000 users"), std::string_view::npos);
  const auto complete = master_.expect("spawning_complete");
  EXPECT_EQ(complete.data.find("user_count")->count(), 2U);
  master_.spawn({{"Asker", 3}}, service_.url());
  EXPECT_TRUE(master_.take_until([](const auto& message) {
    return message.type == "spawning_complete" && message.data.find("user_count")->count() == 3U;
  }));
}

TEST_F(WorkerTest, AMessageThatIsTooLargeEndsTheConnection) {
  master_.take_worker();
  master_.send("custom", std::string(2 << 20, 'x'));
  EXPECT_EQ(master_.expect("client_ready").type, "client_ready") << "on a new connection";
  EXPECT_NE(worker_.log().find("Lost the master"), std::string::npos);
}

TEST_F(WorkerTest, ChangesOfClassesThatItDoesNotHaveTakeNoMemory) {
  master_.take_worker();
  master_.send("update_user_class", Map{{"user_class_name", "\x1b[2J" + std::string(100'000, 'x')}});
  master_.spawn({{"Asker", 1}}, service_.url());
  master_.expect("spawning");
  master_.expect("spawning_complete");
  EXPECT_EQ(worker_.log().find('\x1b'), std::string::npos);
  EXPECT_LT(worker_.log().size(), 5000U);
}

TEST_F(WorkerTest, SaysReadyWithMinusOneAndAnIdOfItsMachine) {
  const auto ready = master_.expect("client_ready");
  EXPECT_EQ(ready.data, Value{-1});
  const auto underscore = ready.node_id.find('_');
  EXPECT_NE(underscore, 0U);
  EXPECT_EQ(ready.node_id.size() - underscore, 33U);
}

TEST_F(WorkerTest, RunsSoManyOfEachClassAsTheMasterSays) {
  begin({{"Asker", 2}, {"Idler", 3}, {"Thrower", 0}});
  const auto complete = master_.expect("spawning_complete");
  EXPECT_EQ(complete.data.find("user_count")->count(), 5U);
  EXPECT_EQ(*complete.data.find("user_classes_count"), (Value{Map{{"Asker", 2}, {"Idler", 3}, {"Thrower", 0}}}));
  EXPECT_TRUE(master_.take_until([](const auto& message) {
    return message.type == "heartbeat" && message.data.find("state")->text() == "running";
  }));
  take_until_reported(20);

  master_.spawn({{"Asker", 0}, {"Idler", 1}, {"Thrower", 0}}, service_.url());
  master_.expect("spawning");
  EXPECT_EQ(*master_.expect("spawning_complete").data.find("user_classes_count"),
            (Value{Map{{"Asker", 0}, {"Idler", 1}, {"Thrower", 0}}}));
}

TEST_F(WorkerTest, AStopLosesNothingAndEndsAsANewReady) {
  begin({{"Asker", 5}});
  master_.expect("spawning_complete");
  take_until_reported(50);
  master_.send("stop");
  master_.expect("client_stopped");
  EXPECT_EQ(master_.requests(), service_.requests());
  EXPECT_EQ(master_.stats().back().data.find("user_count")->count(), 0U);
  EXPECT_EQ(*master_.stats().back().data.find("user_classes_count"), (Value{Map{{"Asker", 0}}}));
  const auto reports = master_.stats().size();
  master_.take_worker();

  master_.spawn({{"Idler", 1}}, service_.url());
  master_.expect("spawning");
  EXPECT_EQ(*master_.expect("spawning_complete").data.find("user_classes_count"), (Value{Map{{"Idler", 1}}}));
  EXPECT_EQ(master_.stats().size(), reports) << "nothing between the stop and the next test";
}

TEST_F(WorkerTest, AQuitAfterAStopLeavesTheLastTestsFiguresAlone) {
  begin({{"Asker", 2}});
  master_.expect("spawning_complete");
  take_until_reported(10);
  master_.send("stop");
  master_.expect("client_stopped");
  const auto reports = master_.stats().size();
  master_.take_worker();
  master_.send("quit");
  master_.expect("quit");
  EXPECT_EQ(master_.stats().size(), reports);
}

TEST_F(WorkerTest, AStopWithoutATestIsAnsweredToo) {
  master_.take_worker();
  master_.send("stop");
  master_.expect("client_stopped");
  master_.expect("client_ready");
}

TEST_F(WorkerTest, AQuitIsAnsweredAtOnceThenUsersFinishThenItEnds) {
  std::promise<void> go_on;
  const auto may_go_on = go_on.get_future().share();
  std::atomic<int> asked = 0;
  ScriptedServer slow([&](auto, auto) {
    ++asked;
    may_go_on.wait();
    return ScriptedServer::ok();
  });
  master_.take_worker();
  master_.spawn({{"Idler", 2}}, slow.url(), 60);
  master_.expect("spawning");
  master_.expect("spawning_complete");
  while (asked < 2) master_.take_until([](const auto&) { return true; });
  const auto before = master_.stats().size();
  master_.send("quit");
  EXPECT_TRUE(master_.take_until([&](const auto& message) {
    return message.type == "stats" && master_.stats().size() > before && message.data.find("user_count")->count() == 0U;
  }));
  EXPECT_EQ(master_.requests(), 0U);
  go_on.set_value();
  master_.expect("quit");
  EXPECT_EQ(master_.requests(), 2U);
  EXPECT_EQ(worker_.status(), 0);
}

TEST_F(WorkerTest, ARequestThatAStopCutsOffAfterASecondIsAFailureOfTheMaster) {
  std::promise<void> go_on, asked;
  const auto may_go_on = go_on.get_future().share();
  ScriptedServer silent([&](auto, std::size_t number) {
    if (number == 0) asked.set_value();
    may_go_on.wait();
    return ScriptedServer::ok();
  });
  master_.take_worker();
  master_.spawn({{"Idler", 1}}, silent.url(), 0);
  asked.get_future().wait();
  const auto old = std::chrono::steady_clock::now() + 1100ms;
  EXPECT_TRUE(master_.take_until([&](const auto&) { return std::chrono::steady_clock::now() >= old; }));
  master_.send("stop");
  master_.expect("client_stopped");  // the log is complete
  EXPECT_EQ(master_.failures(), 1U);
  EXPECT_NE(worker_.log().find("counts 1 of them, which stalled, as failures"), std::string::npos) << worker_.log();
  go_on.set_value();
}

TEST_F(WorkerTest, ASignalStopsUsersReportsAndSaysQuit) {
  begin({{"Asker", 3}});
  master_.expect("spawning_complete");
  take_until_reported(10);
  worker_.interrupt();
  master_.expect("quit");
  EXPECT_EQ(master_.requests(), service_.requests());
  EXPECT_EQ(worker_.status(), 0);
}

TEST_F(WorkerTest, ASpawnBeforeTheAckSaysNothingOfUsers) {
  master_.expect("client_ready");
  master_.spawn({{"Asker", 1}}, service_.url());
  master_.send("ack", Map{{"index", 3}});
  master_.spawn({{"Idler", 1}}, service_.url());
  master_.expect("spawning");
  EXPECT_EQ(*master_.expect("spawning_complete").data.find("user_classes_count"), (Value{Map{{"Idler", 1}}}));
}

TEST_F(WorkerTest, AnOutdatedSpawnIsAnsweredButNotCarriedOut) {
  begin({{"Idler", 2}});
  master_.expect("spawning_complete");
  master_.send("spawn", Map{{"timestamp", 1}, {"user_classes_count", Map{{"Idler", 7}}}, {"host", service_.url()}});
  master_.expect("spawning");
  master_.spawn({{"Idler", 3}}, service_.url());
  master_.expect("spawning");
  EXPECT_EQ(master_.expect("spawning_complete").data.find("user_count")->count(), 3U);
}

TEST_F(WorkerTest, WithResetStatsWhatWasCountedIsReportedBeforeTheUsersAreComplete) {
  begin({{"Idler", 2}}, 5, {{"reset_stats", true}});
  master_.expect("spawning_complete");
  EXPECT_FALSE(master_.stats().empty());
}

TEST_F(WorkerTest, TestsThatItCannotRunAreReportedToTheMaster) {
  master_.take_worker();
  master_.spawn({{"Nobody", 2}}, service_.url());
  master_.expect("spawning");
  EXPECT_NE(master_.expect("exception").data.find("msg")->text()->find("Nobody"), std::string::npos);
  EXPECT_EQ(*master_.expect("spawning_complete").data.find("user_classes_count"), (Value{Map{{"Nobody", 0}}}));
  master_.send("stop");
  master_.expect("client_stopped");
  master_.take_worker();

  const std::vector<std::tuple<std::string, std::string, Map>> broken{{"", "no host", {}},
                                                                      {"ftp://127.0.0.1", "ftp://127.0.0.1", {}},
                                                                      {service_.url(), "--inbox", {{"inbox", "a/b"}}},
                                                                      {service_.url(), "there is no key", {}}};
  for (const auto& [host, why, options] : broken) {
    master_.spawn({{"Keyless", 1}}, host, 5, options);
    master_.expect("spawning");
    EXPECT_NE(master_.expect("exception").data.find("msg")->text()->find(why), std::string::npos);
    EXPECT_EQ(master_.expect("spawning_complete").data.find("user_count")->count(), 0U);
  }
}

TEST_F(WorkerTest, UsersOfAMissingClassAreNotCountedAndTheOthersRun) {
  begin({{"Idler", 1}, {"Nobody", 2}});
  master_.expect("exception");
  EXPECT_EQ(*master_.expect("spawning_complete").data.find("user_classes_count"),
            (Value{Map{{"Idler", 1}, {"Nobody", 0}}}));
}

TEST_F(WorkerTest, AnExceptionOfAUserReachesTheMasterOncePerOccurrence) {
  begin({{"Thrower", 3}});
  master_.expect("spawning_complete");
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(master_.expect("exception").data.find("msg")->text()->find("a bug of the user"), std::string::npos);
  }
}

TEST_F(WorkerTest, FailuresHaveLocustsTexts) {
  ScriptedServer failing([](auto, auto) { return ScriptedServer::status(500); });
  master_.take_worker();
  master_.spawn({{"Idler", 1}}, failing.url());
  EXPECT_TRUE(master_.take_until([&](const auto&) { return master_.failures() == 1; }));
  const auto& errors = *master_.stats().back().data.find("errors")->map();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].second.find("error")->text(),
            "HTTPError('500 Server Error: Internal Server Error for url: GET /a')");
}

TEST_F(WorkerTest, ChosenTasksAndHostsOfAClassHoldFromTheNextTestOn) {
  master_.take_worker();
  master_.send("update_user_class",
               Map{{"user_class_name", "Asker"}, {"host", service_.url()}, {"tasks", Value::Array{"ask_b"}}});
  master_.spawn({{"Asker", 2}}, "");
  take_until_reported(30);
  for (const auto& stats : master_.stats()) {
    for (const Value& entry : *stats.data.find("stats")->array()) EXPECT_EQ(entry.find("name")->text(), "GET /b");
  }
}

TEST_F(WorkerTest, UnknownMessagesChangeNothing) {
  master_.expect("client_ready");
  master_.send("greeting", Map{{"any", Value::Array{1, 2.5, Value{}}}});
  master_.send("ack", Map{{"index", 0}, {"more", true}});
  master_.spawn({{"Idler", 1}}, service_.url());
  master_.expect("spawning");
  master_.expect("spawning_complete");
}

TEST_F(WorkerTest, AReconnectThatTheMasterAsksForLosesNothingAndEndsNothing) {
  begin({{"Asker", 3}});
  master_.expect("spawning_complete");
  take_until_reported(10);
  master_.send("reconnect");
  take_until_reported(100);
  master_.send("stop");
  master_.expect("client_stopped");
  EXPECT_EQ(master_.requests(), service_.requests());
}

TEST(WorkerConnectionTest, SaysReadyAgainUntilTheAckAndGivesUpWith255) {
  ScriptedMaster master;
  WorkerTimes times = quick();
  times.ack_timeout = 30ms;
  RunningWorker worker{master.port(), times};
  for (int i = 0; i < 3; ++i) master.expect("client_ready");
  EXPECT_EQ(worker.status(), 255);
  EXPECT_NE(worker.log().find("No Locust master answers at 127.0.0.1:"), std::string::npos);
}

TEST(WorkerConnectionTest, WithoutAMasterItGivesUpWith255) {
  std::uint16_t port = 0;
  {
    port = ScriptedMaster{}.port();
  }
  WorkerTimes times = quick();
  times.ack_timeout = 30ms;
  RunningWorker worker{port, times};
  EXPECT_EQ(worker.status(), 255);
}

TEST(WorkerConnectionTest, ARestartedMasterGetsTheWorkerBackWithoutItsTest) {
  ScriptedServer service([](auto, auto) { return ScriptedServer::ok(); });
  auto master = std::make_unique<ScriptedMaster>();
  const std::uint16_t port = master->port();
  RunningWorker worker{port};
  master->take_worker();
  master->spawn({{"Asker", 2}}, service.url(), 60);
  master->expect("spawning");
  master->expect("spawning_complete");
  master.reset();
  master = std::make_unique<ScriptedMaster>(false, port);
  // First what a master that still knew it would need; one that does not passes over it.
  master->expect("client_stopped");
  master->take_worker();
  EXPECT_EQ(master->requests(), 0U) << "what belongs to the old test";
  EXPECT_NE(worker.log().find("requests could not be reported"), std::string::npos);
  master->spawn({{"Idler", 1}}, service.url());
  master->expect("spawning");
  EXPECT_EQ(master->expect("spawning_complete").data.find("user_count")->count(), 1U);
}

TEST(WorkerConnectionTest, AMasterThatDoesNotComeBackEndsItWith255) {
  auto master = std::make_unique<ScriptedMaster>();
  WorkerTimes times = quick();
  times.master_lost_max = 50ms;
  RunningWorker worker{master->port(), times};
  master->take_worker();
  master->spawn({{"Idler", 1}}, "http://127.0.0.1:9");
  master->expect("spawning");
  master.reset();
  EXPECT_EQ(worker.status(), 255);
  EXPECT_NE(worker.log().find("The master has not come back"), std::string::npos);
}

TEST(NewerMasterTest, GetsTheLogsOnceItHasSaidThatAllAreSpawned) {
  ScriptedServer service([](auto, auto) { return ScriptedServer::ok(); });
  ScriptedMaster master{true};
  RunningWorker worker{master.port()};
  master.take_worker();
  master.spawn({{"Idler", 1}}, service.url(), 0);
  master.expect("spawning");
  master.expect("spawning_complete");
  master.send("spawning_complete", Map{{"user_count", 1}});
  const auto logs = master.expect("logs");
  EXPECT_EQ(logs.data.find("worker_id")->text(), logs.node_id);
  EXPECT_NE(logs.data.find("logs")->array()->at(0).text()->find("Starting swarm"), std::string::npos);
}

TEST(NewerMasterTest, ThatStopsAnsweringHeartbeatsIsGone) {
  ScriptedMaster master{true};
  WorkerTimes times = quick();
  times.master_silence_max = 100ms;
  RunningWorker worker{master.port(), times};
  master.take_worker();
  EXPECT_TRUE(master.take_until([&](const auto&) { return master.heartbeats().size() > 10; }));
  master.answer_heartbeats(false);
  EXPECT_EQ(worker.status(), 255);
  EXPECT_NE(worker.log().find("has not answered heartbeats"), std::string::npos);
}

}  // namespace
}  // namespace triggers::swarm
