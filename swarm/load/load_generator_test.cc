// Whole loads of the closed model against a server that a test scripts: users, connections, failures, rate limits and
// stops. The open model is in open_model_test.cc; a machine that runs out of descriptors is in start_watch_test.cc.

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <stdexcept>

#include "base/mutex.h"
#include "swarm/load/load_fixture.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using Reply = ScriptedServer::Reply;

const RequestName get_other{"GET", "GET /other"};

class Waiter final : public User {
 public:
  using User::User;
  Task<void> run() { const Response response = co_await get(get_other, "/other"); }
};

class Thrower final : public User {
 public:
  using User::User;
  Task<void> run() {
    throw std::runtime_error("a bug of the user");
    co_return;
  }
};

class Poster final : public User {
 public:
  explicit Poster(UserContext& from) : User(from) { add_header("X-Number", std::to_string(from.number())); }
  Task<void> run() {
    Response response = co_await post(get_thing, "/echo", R"({"a":1})");
    if (response.body() != R"(POST /echo {"a":1})") response.failure("the answer is not an echo");
  }
};

class BigPoster final : public User {
 public:
  using User::User;
  Task<void> run() {
    constexpr std::size_t more_than_sockets_hold = 16 << 20;
    const Response response = co_await post(get_thing, "/thing", std::string(more_than_sockets_hold, 'x'));
  }
};

const UserClass& waiter =
    UserClass::declare("Waiter", make<Waiter>).waits(constant(3600)).task("run", 1, task<&Waiter::run>);
const UserClass& thrower = UserClass::declare("Thrower", make<Thrower>).task("run", 1, task<&Thrower::run>);
const UserClass& big_poster = UserClass::declare("BigPoster", make<BigPoster>).task("run", 1, task<&BigPoster::run>);
const UserClass& poster = UserClass::declare("Poster", make<Poster>).task("run", 1, task<&Poster::run>);

TEST(LoadGenerator, CountsEveryRequestThatTheServerAnswered) {
  ScriptedServer server([](std::string_view request, std::size_t) {
    return ScriptedServer::ok("POST /echo " + std::string{request.substr(request.find("\r\n\r\n") + 4)});
  });
  LoadTest test(server.url(), {&poster}, {.threads = 2});
  test.load->set_users({8}, 0s);
  ASSERT_TRUE(test.count(get_thing, 1000));
  test.load->stop(5s);
  // Nobody was cut off, so both sides must have the same number.
  EXPECT_EQ(test.entry(get_thing).requests, server.requests());
  EXPECT_EQ(test.entry(get_thing).failures, 0U);
  EXPECT_EQ(test.load->users(), std::vector<std::size_t>{0});
}

TEST(LoadGenerator, AUserKeepsItsConnection) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  LoadTest test(server.url());
  test.load->set_users({3}, 0s);
  ASSERT_TRUE(test.count(get_thing, 100));
  test.load->stop(5s);
  EXPECT_EQ(server.connections(), 3U);
}

TEST(LoadGenerator, OpensANewConnectionAfterTheServerHasClosed) {
  ScriptedServer server([](std::string_view, std::size_t) {
    Reply reply = ScriptedServer::ok();
    reply.bytes.insert(reply.bytes.find("\r\n") + 2, "Connection: close\r\n");
    reply.close = true;
    return reply;
  });
  LoadTest test(server.url());
  test.load->set_users({1}, 0s);
  ASSERT_TRUE(test.count(get_thing, 20));
  test.load->stop(5s);
  EXPECT_EQ(test.entry(get_thing).failures, 0U);
  EXPECT_EQ(server.connections(), server.requests());
}

TEST(LoadGenerator, RunsSoManyUsersOfEachClassOverAllThreads) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  LoadTest test(server.url(), {&getter, &waiter}, {.threads = 3});
  const auto runs = [&](std::size_t getters, std::size_t waiters) {
    return test.until([&] { return test.load->users() == std::vector<std::size_t>{getters, waiters}; });
  };
  test.load->set_users({2, 5}, 0s);
  EXPECT_TRUE(runs(2, 5));
  test.load->set_users({4, 1}, 0s);
  EXPECT_TRUE(runs(4, 1));
  test.load->stop(0s);
  EXPECT_TRUE(runs(0, 0));
}

TEST(LoadGenerator, ARequestThatIsCutOffAtTheStopCountsNowhere) {
  std::promise<void> asked, release;
  ScriptedServer server([&](std::string_view, std::size_t) {
    asked.set_value();
    release.get_future().wait();
    return ScriptedServer::ok();
  });
  LoadTest test(server.url());
  test.load->set_users({1}, 0s);
  asked.get_future().wait();
  test.load->stop(0s);
  release.set_value();
  EXPECT_EQ(test.entry(get_thing).requests, 0U);
  EXPECT_TRUE(test.counted.failures().empty());
}

TEST(LoadGenerator, AStopTimeoutLetsTheRequestFinish) {
  std::promise<void> asked, release;
  ScriptedServer server([&](std::string_view, std::size_t number) {
    if (number == 0) {
      asked.set_value();
      release.get_future().wait();
    }
    return ScriptedServer::ok();
  });
  LoadTest test(server.url());
  test.load->set_users({1}, 0s);
  asked.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { test.load->stop(10s); });
  ASSERT_TRUE(test.until([&] { return test.load->users().front() == 0; }));
  release.set_value();
  stopped.wait();
  EXPECT_EQ(test.entry(get_thing).requests, 1U);
}

TEST(LoadGenerator, AWaitingUserStopsAtOnceInSpiteOfAStopTimeout) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  LoadTest test(server.url(), {&waiter});
  test.load->set_users({1}, 0s);
  ASSERT_TRUE(test.count(get_other, 1));
  const auto before = std::chrono::steady_clock::now();
  test.load->stop(1h);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10min);
}

TEST(LoadGenerator, FailuresOfHttpAndOfTheConnectionAreToldApart) {
  const auto failure_of = [](const Reply& reply) {
    ScriptedServer server([&](std::string_view, std::size_t) { return reply; });
    LoadTest test(server.url());
    test.load->set_users({1}, 0s);
    EXPECT_TRUE(test.count(get_thing, 1));
    test.load->stop(0s);
    EXPECT_EQ(test.entry(get_thing).failures, test.entry(get_thing).requests);
    return test.first_failure();
  };
  EXPECT_EQ(failure_of(ScriptedServer::status(503)),
            "HTTPError('503 Server Error: Service Unavailable for url: GET /thing')");
  EXPECT_EQ(failure_of({.bytes = "", .reset = true}), "ConnectionResetError(104, 'Connection reset by peer')");
  EXPECT_EQ(failure_of({.bytes = "", .close = true}),
            "RemoteDisconnected('Remote end closed connection without response')");
  EXPECT_EQ(failure_of({.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", .close = true}),
            "ChunkedEncodingError('Connection broken: the response was cut off')");
  EXPECT_EQ(failure_of({.bytes = "220 smtp ready\r\n\r\n"}), "BadStatusLine('the response is not HTTP/1.1')");
}

TEST(LoadGenerator, ADeadHostIsAFailureAndDoesNotEndTheTest) {
  std::uint16_t port = 0;
  {
    port = ScriptedServer([](std::string_view, std::size_t) { return ScriptedServer::ok(); }).port();
  }
  LoadTest test("http://127.0.0.1:" + std::to_string(port), {&getter});
  test.load->set_users({2}, 0s);
  ASSERT_TRUE(test.count(get_thing, 10));
  test.load->stop(0s);
  EXPECT_EQ(test.first_failure(), "ConnectionRefusedError(111, 'Connection refused')");
}

TEST(LoadGenerator, AServerThatNeverAnswersIsATimeout) {
  std::promise<void> release;
  ScriptedServer server([&, released = release.get_future().share()](std::string_view, std::size_t) {
    released.wait();
    return ScriptedServer::ok();
  });
  LoadTest test(server.url(), {&getter}, {.request_timeout = 1s});
  test.load->set_users({1}, 0s);
  ASSERT_TRUE(test.count(get_thing, 1));
  test.load->stop(0s);
  release.set_value();
  EXPECT_EQ(test.first_failure(), "ReadTimeout('no response within 1 s')");
}

TEST(LoadGenerator, ARateLimitIsARowOfItsOwnAndNeitherFailureNorAccepted) {
  ScriptedServer server(
      [](std::string_view, std::size_t number) { return ScriptedServer::status(number % 2 == 0 ? 201 : 429); });
  LoadTest test(server.url());
  test.load->set_users({1}, 0s);
  ASSERT_TRUE(test.count(get_thing.limited(), 10));
  test.load->stop(5s);
  EXPECT_EQ(get_thing.limited().name(), "429 /thing (GET)");
  EXPECT_EQ(test.entry(get_thing).requests + test.entry(get_thing.limited()).requests, server.requests());
  EXPECT_EQ(test.entry(get_thing).accepted, test.entry(get_thing).requests);
  EXPECT_EQ(test.entry(get_thing.limited()).accepted, 0U);
  EXPECT_EQ(test.entry(get_thing.limited()).failures + test.entry(get_thing).failures, 0U);
}

TEST(LoadGenerator, A429ThatIsNoRateLimitIsAFailure) {
  for (const std::string reason : {"authentication_failures", "too_many_leased", "one_of_the_future"}) {
    ScriptedServer server([reason](std::string_view, std::size_t) {
      return ScriptedServer::status(429, R"({"details":{"reason":")" + reason + R"("}})");
    });
    LoadTest test(server.url());
    test.load->set_users({1}, 0s);
    ASSERT_TRUE(test.count(get_thing, 10)) << reason;
    test.load->stop(5s);
    EXPECT_EQ(test.entry(get_thing).failures, test.entry(get_thing).requests);
    EXPECT_EQ(test.entry(get_thing.limited()).requests, 0U);
  }
}

TEST(LoadGenerator, AfterAnAnswerToHalfARequestTheNextHasAConnectionOfItsOwn) {
  std::atomic<std::size_t> broken = 0;
  const auto script = [&](std::string_view request, std::size_t) {
    if (!request.starts_with("POST ")) ++broken;
    return ScriptedServer::ok();
  };
  ScriptedServer server(script, ScriptedServer::Answers::headers);
  LoadTest test(server.url(), {&big_poster});
  test.load->set_users({1}, 0s);
  ASSERT_TRUE(test.count(get_thing, 5));
  test.load->stop(5s);
  EXPECT_EQ(broken, 0U);
}

TEST(LoadGenerator, RequestsInFlightAtTheStopAreCountedWithTheirAge) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  ScriptedServer server([released](std::string_view, std::size_t) {
    released.wait();
    return ScriptedServer::ok();
  });
  LoadTest test(server.url());
  const auto begun = std::chrono::steady_clock::now();
  test.load->set_users({3}, 0s);
  ASSERT_TRUE(test.until([&] { return server.requests() == 3; }));
  test.load->stop(0s);
  test.collect();
  release.set_value();
  EXPECT_EQ(test.counted.cut_off().requests(), 3U);
  EXPECT_GT(test.counted.cut_off().oldest, 0ns);
  EXPECT_LE(test.counted.cut_off().oldest, std::chrono::steady_clock::now() - begun);
  EXPECT_EQ(test.entry(get_thing).requests, 0U);
}

TEST(LoadGenerator, MissingServerIsReportedUntilTheFirstResponse) {
  std::string dead_url;
  {
    dead_url = ScriptedServer([](std::string_view, std::size_t) { return ScriptedServer::ok(); }).url();
  }
  LoadTest dead(dead_url);
  dead.load->set_users({1}, 0s);
  ASSERT_TRUE(dead.count(get_thing, 1));
  dead.load->stop(5s);
  ASSERT_TRUE(dead.load->start_refusal().has_value());
  EXPECT_NE(dead.load->start_refusal()->find("cannot connect to " + dead_url + ": ConnectionRefusedError"),
            std::string::npos);
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::status(500); });
  LoadTest alive(server.url());
  alive.load->set_users({1}, 0s);
  ASSERT_TRUE(alive.count(get_thing, 1));
  alive.load->stop(5s);
  EXPECT_FALSE(alive.load->start_refusal().has_value()) << "it answers, however badly";
}

TEST(LoadGenerator, AnExceptionOfATaskIsCountedAndTheUserGoesOn) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  LoadTest test(server.url(), {&thrower});
  test.load->set_users({1}, 0s);
  ASSERT_TRUE(
      test.until([&] { return !test.counted.exceptions().empty() && test.counted.exceptions().front().count > 5; }));
  test.load->stop(0s);
  EXPECT_EQ(test.counted.exceptions().front().message, "a bug of the user");
}

TEST(LoadGenerator, NumbersItsUsersFromZero) {
  Mutex mutex;
  std::vector<std::string> numbers;
  ScriptedServer server([&](std::string_view request, std::size_t) {
    const auto at = request.find("X-Number: ") + 10;
    const MutexLock lock(mutex);
    numbers.emplace_back(request.substr(at, request.find('\r', at) - at));
    return ScriptedServer::ok(R"(POST /echo {"a":1})");
  });
  LoadTest test(server.url(), {&poster}, {.threads = 2});
  test.load->set_users({4}, 0s);
  ASSERT_TRUE(test.until([&] {
    const MutexLock lock(mutex);
    return std::set<std::string>(numbers.begin(), numbers.end()).size() == 4;
  }));
  test.load->stop(0s);
  const MutexLock lock(mutex);
  EXPECT_EQ(std::set<std::string>(numbers.begin(), numbers.end()), (std::set<std::string>{"0", "1", "2", "3"}));
}

TEST(LoadGenerator, CountsNothingThatWasSentBeforeTheCountBegan) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::status(500); });
  LoadTest test(server.url());
  test.load->count_from(std::chrono::steady_clock::time_point::max());
  test.load->set_users({2}, 0s);
  ASSERT_TRUE(test.until([&] { return test.load->uncounted().requests >= 20; }));
  test.load->stop(5s);
  EXPECT_EQ(test.entry(get_thing).requests, 0U);
  EXPECT_TRUE(test.counted.failures().empty());
  EXPECT_EQ(test.load->uncounted().failures, server.requests());
}

/// Cannot start.
class Unstartable final : public User {
 public:
  using User::User;
  Task<void> on_start() override {
    throw std::runtime_error("no data");
    co_return;
  }
  Task<void> run() { co_return; }
};
const UserClass& unstartable =
    UserClass::declare("Unstartable", make<Unstartable>).task("run", 1, task<&Unstartable::run>);

TEST(LoadGenerator, AUserWhoseStartThrowsIsNotStartedAgain) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  for (const auto& rate : {std::optional<LoadCurve>{}, std::optional{LoadCurve::constant(10)}}) {
    LoadTest test(server.url(), {&unstartable}, {.rate = rate});
    test.load->set_users({200}, 0s);
    ASSERT_TRUE(test.until([&] { return !test.load->starting() && test.load->idle(); }));
    test.collect();
    ASSERT_EQ(test.counted.exceptions().size(), 1U);
    EXPECT_EQ(test.counted.exceptions().front().count, 200U);
  }
}

TEST(LoadGenerator, RunsSoManyIterationsAndNoMore) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  LoadTest test(server.url(), {&getter}, {.threads = 2, .iterations = 101});
  test.load->set_users({10}, 0s);
  ASSERT_TRUE(test.until([&] { return test.load->tasks_used_up(); }));
  EXPECT_EQ(test.load->users(), std::vector<std::size_t>{10}) << "they wait for the end";
  test.load->stop(5s);
  EXPECT_EQ(server.requests(), 101U);
}

TEST(LoadGenerator, AnIterationThatIsCutOffHasEnded) {
  std::promise<void> release;
  ScriptedServer server([&, released = release.get_future().share()](std::string_view, std::size_t) {
    released.wait();
    return ScriptedServer::ok();
  });
  LoadTest test(server.url(), {&getter}, {.iterations = 2});
  test.load->set_users({2}, 0s);
  ASSERT_TRUE(test.until([&] { return server.requests() == 2; }));
  EXPECT_FALSE(test.load->tasks_used_up());
  test.load->set_users({1}, 0s);
  test.load->set_users({0}, 0s);
  EXPECT_TRUE(test.until([&] { return test.load->tasks_used_up(); }));
  release.set_value();
}

class Sleeper final : public User {
 public:
  using User::User;
  Task<void> run() { co_return; }
};
const UserClass& sleeper =
    UserClass::declare("Sleeper", make<Sleeper>).waits(constant(0.0002)).task("run", 1, task<&Sleeper::run>);

TEST(LoadGenerator, UsersThatAreCutOffWhileTheyWaitAreNotWoken) {
  LoadTest test("http://127.0.0.1:9", {&sleeper});
  for (int round = 0; round < 300; ++round) {
    test.load->set_users({20}, 0s);
    EXPECT_TRUE(test.until([&] { return test.load->users() == std::vector<std::size_t>{20}; }));
    test.load->set_users({0}, 0s);
  }
  test.load->stop(0s);
  EXPECT_TRUE(test.load->idle());
}

/// Pauses within its task.
class Pauser final : public User {
 public:
  using User::User;
  Task<void> run() {
    co_await pause(200us);
    co_await pause(0s);
    {
      const Response counted_at_its_end = co_await get(get_thing, "/thing");
    }
    co_await pause(1h);
  }
};
const UserClass& pauser = UserClass::declare("Pauser", make<Pauser>).task("run", 1, task<&Pauser::run>);

TEST(LoadGenerator, AUserThatIsCutOffInAPauseIsNotWoken) {
  ScriptedServer server([](std::string_view, std::size_t) { return ScriptedServer::ok(); });
  LoadTest test(server.url(), {&pauser});
  for (std::uint64_t round = 1; round <= 50; ++round) {
    test.load->set_users({4}, 0s);
    ASSERT_TRUE(test.count(get_thing, 4 * round));  // all of them are in the long pause, or about to begin it
    test.load->set_users({0}, 0s);
    ASSERT_TRUE(test.until([&] { return test.load->idle(); }));
    test.load->set_users({4}, 0s);  // these are in the short one, or have not begun
    test.load->set_users({0}, 0s);
    ASSERT_TRUE(test.until([&] { return test.load->idle(); }));
  }
}

TEST(LoadGenerator, IsIdleOnceTheLastUserHasFinishedItsTask) {
  std::promise<void> asked, release;
  const auto released = release.get_future().share();
  ScriptedServer server([&](std::string_view, std::size_t number) {
    if (number == 0) asked.set_value();
    released.wait();
    return ScriptedServer::ok();
  });
  LoadTest test(server.url(), {&waiter});
  EXPECT_TRUE(test.load->idle());
  test.load->set_users({1}, 0s);
  asked.get_future().wait();
  test.load->set_users({0}, 60s);
  EXPECT_TRUE(test.until([&] { return test.load->users() == std::vector<std::size_t>{0}; }));
  EXPECT_FALSE(test.load->idle());
  release.set_value();
  EXPECT_TRUE(test.until([&] { return test.load->idle(); }));
  EXPECT_EQ(test.entry(get_other).requests, 1U);
}

}  // namespace
}  // namespace triggers::swarm
