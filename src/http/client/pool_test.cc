#include "http/client/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/gather.h"
#include "base/sync_wait.h"
#include "http/client/fetch.h"
#include "http/client/test_peer.h"
#include "http/server/server.h"
#include "http/server/test_server.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using FetchResult = Result<ClientResponse, FetchError>;

std::unique_ptr<ClientPool> pool_to(std::uint16_t port, ClientPoolConfig config = {}) {
  config.server.port = port;
  auto made = ClientPool::create(std::move(config));
  EXPECT_TRUE(made.ok());
  return std::move(made).value();
}

FetchResult ask(ClientPool& pool, milliseconds time = std::chrono::seconds{10}, std::string body = "") {
  Request request;
  request.method = Method::post;
  request.target = "/";
  request.body = std::move(body);
  return sync_wait(pool.fetch(std::move(request), steady_clock::now() + time));
}

/// Answers each request with the number of requests on its connection so far.
void count(TestPeer::Connection& connection) {
  for (int number = 1; !connection.read_request().empty(); ++number) connection.answer(std::to_string(number));
}

TEST(ClientPool, ConnectionIsUsedAgain) {
  TestPeer peer(count);
  const auto pool = pool_to(peer.port());
  EXPECT_EQ(ask(*pool)->body, "1");
  EXPECT_EQ(ask(*pool)->body, "2");
  EXPECT_EQ(peer.accepted(), 1U);
}

TEST(ClientPool, ConnectionThatThePeerClosedIsNotUsedAgain) {
  TestPeer peer([&](TestPeer::Connection& connection) {
    connection.read_request();
    connection.answer("only one");
  });
  const auto pool = pool_to(peer.port());
  for (int i = 0; i < 20; ++i) {
    // The close may still be on its way; then the request may have been read, and the pool must say so.
    const auto answer = ask(*pool);
    if (!answer) {
      EXPECT_EQ(answer.error().code, FetchErrorCode::broken);
      EXPECT_TRUE(answer.error().sent);
    }
  }
  EXPECT_GT(peer.accepted(), 9U);
}

TEST(ClientPool, ErrorsSayWhatHappenedAndWhetherThePeerHasTheRequest) {
  struct Case {
    const char* name;
    std::function<void(TestPeer::Connection&)> serve;
    FetchErrorCode code;
  };
  const std::vector<Case> cases{
      {"cut", [](auto& c) { c.read_request(), c.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"); },
       FetchErrorCode::broken},
      {"garbage", [](auto& c) { c.read_request(), c.send("\x16\x03\x01 what"); }, FetchErrorCode::broken},
      {"reset", [](auto& c) { c.read_request(), c.reset(); }, FetchErrorCode::broken},
      {"silent", [](auto& c) { c.read_request(), c.await_close(); }, FetchErrorCode::timed_out},
      {"half", [](auto& c) { c.read_request(), c.send("HTTP/1.1 200 OK\r\nCont"), c.await_close(); },
       FetchErrorCode::timed_out},
  };
  for (const Case& one : cases) {
    TestPeer peer(one.serve);
    const auto pool = pool_to(peer.port());
    const auto answer = ask(*pool, milliseconds{200});
    ASSERT_FALSE(answer.ok()) << one.name;
    EXPECT_EQ(answer.error().code, one.code) << one.name << answer.error().message;
    EXPECT_TRUE(answer.error().sent) << one.name;
  }
}

TEST(ClientPool, DeadlineEndsASendThatThePeerDoesNotRead) {
  TestPeer peer([](TestPeer::Connection& connection) { connection.await_end(); });
  const auto pool = pool_to(peer.port());
  const auto answer = ask(*pool, milliseconds{200}, std::string(32 * 1024 * 1024, 'x'));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, FetchErrorCode::timed_out);
}

TEST(ClientPool, NoListenerMeansNotSent) {
  std::uint16_t port = 0;
  {
    TestPeer gone(count);
    port = gone.port();
  }
  const auto pool = pool_to(port);
  const auto answer = ask(*pool);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, FetchErrorCode::unreachable);
  EXPECT_FALSE(answer.error().sent);
}

TEST(ClientPool, NameIsLookedUp) {
  TestPeer peer(count);
  ClientPoolConfig config;
  config.server.host = "localhost";
  const auto pool = pool_to(peer.port(), config);
  EXPECT_EQ(ask(*pool)->body, "1");
}

TEST(ClientPool, UnknownNameIsUnreachableAndNothingIsSent) {
  // A label of a name has at most 63 characters, so no name server is asked.
  ClientPoolConfig config;
  config.server.host = std::string(64, 'a') + ".invalid";
  const auto pool = pool_to(1, config);
  for (int i = 0; i < 2; ++i) {
    const auto answer = ask(*pool);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, FetchErrorCode::unreachable);
    EXPECT_FALSE(answer.error().sent);
    EXPECT_NE(answer.error().message.find(config.server.host), std::string::npos) << answer.error().message;
  }
}

TEST(ClientPool, LimitsConnectionsAndWaitingRequests) {
  std::latch both_asked(1);
  TestPeer peer([&](TestPeer::Connection& connection) {
    while (!connection.read_request().empty()) {
      both_asked.wait();
      connection.answer("late");
    }
  });
  ClientPoolConfig config;
  config.connections_max = 1;
  config.waiting_max = 1;
  const auto pool = pool_to(peer.port(), config);
  // One of the three has the connection, one waits, and one is refused at once, whichever it is.
  std::atomic<int> refused = 0, answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto answer = ask(*pool);
      if (answer) {
        ++answered;
      } else if (answer.error().code == FetchErrorCode::overloaded && !answer.error().sent) {
        ++refused;
        both_asked.count_down();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 2);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(peer.accepted(), 1U);
}

TEST(ClientPool, RequestThatWaitsForAConnectionFailsAtItsDeadline) {
  TestPeer peer([](TestPeer::Connection& connection) { connection.read_request(), connection.await_close(); });
  ClientPoolConfig config;
  config.connections_max = 1;
  const auto pool = pool_to(peer.port(), config);
  const auto ask_in_vain = [&] {
    const auto answer = ask(*pool, milliseconds{400});
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, FetchErrorCode::timed_out);
  };
  std::thread first(ask_in_vain);
  std::thread second(ask_in_vain);
  first.join();
  second.join();
}

TEST(ClientPool, RequestThatWaitsTooLongWhileOthersAreAnsweredIsOverloaded) {
  std::latch all_wait(1), told(1);
  TestPeer peer([&](TestPeer::Connection& connection) {
    for (std::latch* until : {&all_wait, &told}) {
      connection.read_request();
      until->wait();
      connection.answer("late");
    }
  });
  ClientPoolConfig config;
  config.connections_max = 1;
  const auto pool = pool_to(peer.port(), config);
  const auto ask_within = [&](milliseconds time) {
    Request request;
    request.target = "/";
    return pool->fetch(std::move(request), steady_clock::now() + time);
  };
  auto ask_in_time = [&]() -> Task<void> { EXPECT_TRUE((co_await ask_within(milliseconds(10'000))).ok()); };
  auto ask_too_late = [&]() -> Task<void> {
    const auto answer = co_await ask_within(milliseconds(1'000));
    told.count_down();
    EXPECT_EQ(answer ? FetchErrorCode::broken : answer.error().code, FetchErrorCode::overloaded);
  };
  auto let_one_end = [&]() -> Task<void> {
    co_await pool->pause(milliseconds(1));  // Behind the others in the pool.
    all_wait.count_down();
  };
  std::vector<Task<void>> tasks;
  tasks.push_back(ask_in_time());
  tasks.push_back(ask_in_time());
  tasks.push_back(ask_too_late());
  tasks.push_back(let_one_end());
  auto all = [&]() -> Task<void> { co_await Gather(std::move(tasks), 4); };
  sync_wait(all());
}

/// A server whose handler asks a peer through the pool: as a node asks DynamoDB.
TEST(ClientPool, HandlerOfAServerSendsAndResumesOnItsOwnLoop) {
  TestPeer peer(count);
  const auto pool = pool_to(peer.port());
  std::atomic<int> moved = 0;
  Handlers handlers;
  handlers.handle = [&](const Request&) -> Task<Response> {
    const auto thread = std::this_thread::get_id();
    Request request;
    request.target = "/";
    const auto deadline = steady_clock::now() + std::chrono::seconds(10);
    const auto answer = co_await pool->fetch(std::move(request), deadline);
    co_await pool->pause(milliseconds(1));
    if (std::this_thread::get_id() != thread) ++moved;
    Response response;
    response.body = answer ? answer->body : answer.error().message;
    co_return response;
  };
  handlers.protocol_error = [](const ProtocolError&, const Request&) { return Response{}; };
  handlers.internal_error = [](const Request&) {
    Response response;
    response.status = 500;
    return response;
  };
  ServerConfig config;
  config.host = "127.0.0.1";
  config.port = 0;
  config.threads = 1;
  auto server = Server::create(config, std::move(handlers));
  ASSERT_TRUE(server.ok());
  (*server)->start();
  const ServerAddress address{.host = "127.0.0.1", .port = (*server)->port()};
  for (const char* expected : {"1", "2", "3"}) {
    Request request;
    request.target = "/";
    const auto answer = fetch(address, request, std::chrono::seconds{10});
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, expected);
  }
  (*server)->stop(std::chrono::seconds{5});
  EXPECT_EQ(moved, 0);
  EXPECT_EQ(peer.accepted(), 1U);
}

}  // namespace
}  // namespace triggers::http
