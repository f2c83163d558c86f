// Handlers that wait: they learn that their client has left, that the time is over and that the server stops, and what
// the client sends meanwhile is not lost. Over TLS: server_tls_test.cc.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <future>
#include <iomanip>
#include <sstream>
#include <string>
#include <thread>

#include "http/server/test_events.h"
#include "http/server/test_server.h"
#include "http/wire/caller.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::ElementsAre;

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

/// /wait waits for a minute, /short for a moment, /many for many moments, /blind for the gate without watching its
/// client, and /late watches it after the gate.
class WatchTest : public testing::Test {
 protected:
  WatchTest() {
    server_.config.body_deadline = milliseconds{40};  // so that deadlines are checked more often
    server_.handler = [this](const Request& request) { return handle(request); };
  }

  Task<Response> handle(const Request& request) {
    events_.add(request.target);
    Response response;
    response.content_type = "text/plain";
    response.body = request.target;
    if (request.target == "/blind" || request.target == "/late") co_await server_.gate.wait();
    if (request.target == "/next" || request.target == "/blind") co_return response;
    const int times = request.target == "/many" ? 1000 : 1;
    const milliseconds time = request.target == "/wait" || request.target == "/late" ? seconds{60} : milliseconds{1};
    auto reason = Cancellation::Reason::timeout;
    for (int i = 0; i < times && reason == Cancellation::Reason::timeout; ++i) {
      CallerWatch client(request, steady_clock::now() + time);
      UntilCancelled waiting(client.cancellation());
      reason = co_await waiting;
    }
    events_.add(name_of(reason));
    response.body += " " + name_of(reason);
    co_return response;
  }

  RawClient waiting_client(const std::string& target = "/wait") {
    RawClient client = server_.connect();
    client.send(get(target));
    EXPECT_THAT(events_.await(1), ElementsAre(target));
    return client;
  }
  void await_open(std::size_t connections) const {
    while (server_.server->stats().connections_open != connections) std::this_thread::yield();
  }
  /// Bytes that the kernel has received for the server and the server has not read.
  std::size_t unread_bytes() const {
    std::ifstream table("/proc/net/tcp");
    std::string line;
    std::size_t bytes = 0;
    while (std::getline(table, line)) {
      std::istringstream fields(line);
      std::string number, local, remote, state, queues;
      fields >> number >> local >> remote >> state >> queues;
      const bool ours = local.ends_with(port_text()) && state == "01";
      if (ours) bytes += std::stoul(queues.substr(queues.find(':') + 1), nullptr, 16);
    }
    return bytes;
  }
  std::string port_text() const {
    std::ostringstream text;
    text << ":" << std::uppercase << std::hex << std::setw(4) << std::setfill('0') << server_.server->port();
    return text.str();
  }

  Events events_;
  TestServer server_;
};

TEST_F(WatchTest, ClientThatClosesIsNoticedAndItsConnectionEnds) {
  server_.start();
  RawClient client = waiting_client();
  client.leave();
  EXPECT_THAT(events_.await(2), ElementsAre("/wait", "gone"));
  await_open(0);
}

TEST_F(WatchTest, ClientThatResetsIsNoticed) {
  server_.start();
  RawClient client = waiting_client();
  client.leave(true);
  EXPECT_THAT(events_.await(2), ElementsAre("/wait", "gone"));
  await_open(0);
}

TEST_F(WatchTest, ClientThatOnlyStopsSendingIsAnsweredAtOnce) {
  server_.start();
  RawClient client = waiting_client();
  client.send_end();
  EXPECT_EQ(client.receive().body, "/wait gone");
  EXPECT_TRUE(client.ends());
}

TEST_F(WatchTest, RequestsOfAClientThatStoppedSendingAreAllAnswered) {
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/wait") + get("/next") + get("/wait") + "GET /cut");
  client.send_end();
  EXPECT_EQ(client.receive().body, "/wait gone");
  EXPECT_EQ(client.receive().body, "/next");
  EXPECT_EQ(client.receive().body, "/wait gone");
  EXPECT_EQ(client.receive().status, 400U);
  EXPECT_TRUE(client.ends());
}

TEST_F(WatchTest, BodyThatAClientCutShortBeforeItStoppedSendingHoldsNothingUp) {
  server_.use_admission();
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/wait") + "POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\nabc");
  client.send_end();
  EXPECT_EQ(client.receive().body, "/wait gone");
  EXPECT_EQ(client.receive().status, 401U);
  const auto since = steady_clock::now();
  EXPECT_TRUE(client.ends());
  EXPECT_LT(steady_clock::now() - since, seconds{1});
}

TEST_F(WatchTest, TimeEndsTheWaitAndTheConnectionGoesOn) {
  server_.start();
  RawClient client = server_.connect();
  for (int i = 0; i < 3; ++i) {
    client.send(get("/short"));
    EXPECT_EQ(client.receive().body, "/short timeout");
    client.send(get("/next"));
    EXPECT_EQ(client.receive().body, "/next");
  }
}

TEST_F(WatchTest, HandlerMayWatchAgainAndAgain) {
  server_.start();
  RawClient client = waiting_client("/many");
  client.leave();
  EXPECT_THAT(events_.await(2), ElementsAre("/many", "gone"));
  await_open(0);
}

TEST_F(WatchTest, RequestsThatComeMeanwhileAreAnsweredAfterwards) {
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/short") + get("/next") + "GET /sho");
  EXPECT_EQ(events_.await(1).front(), "/short");
  client.send("rt HTTP/1.1\r\nHo");
  EXPECT_EQ(client.receive().body, "/short timeout");
  client.send("st: a\r\n\r\n");
  EXPECT_EQ(client.receive().body, "/next");
  EXPECT_EQ(client.receive().body, "/short timeout");
}

TEST_F(WatchTest, WhatIsKeptOfRequestsThatComeMeanwhileIsBounded) {
  server_.start();
  RawClient client = waiting_client();
  std::string more;
  while (more.size() < 60'000) more += get("/next");
  client.send(more);
  constexpr std::size_t kept_max = 4 * 1024;
  while (unread_bytes() < more.size() - kept_max) std::this_thread::yield();
  // No more is read, whatever comes.
  client.send(get("/next"));
  while (unread_bytes() < more.size() + get("/next").size() - kept_max) std::this_thread::yield();
  auto stopped = std::async(std::launch::async, [this] { server_.stop(seconds{60}); });
  const RawResponse response = client.receive();
  EXPECT_EQ(response.body, "/wait stopping");
  stopped.get();
}

TEST_F(WatchTest, HandlerThatDoesNotAskIsNotReadFor) {
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/blind"));
  server_.gate.await_waiting(1);
  client.send(get("/next"));
  while (unread_bytes() != get("/next").size()) std::this_thread::yield();
  server_.gate.open();
  EXPECT_EQ(client.receive().body, "/blind");
  EXPECT_EQ(client.receive().body, "/next");
}

TEST_F(WatchTest, StopEndsTheWaitAndTheClientIsAnswered) {
  server_.start();
  RawClient client = waiting_client();
  const auto since = steady_clock::now();
  server_.stop(seconds{60});
  EXPECT_LT(steady_clock::now() - since, seconds{10});
  const RawResponse response = client.receive();
  EXPECT_EQ(response.body, "/wait stopping");
  EXPECT_TRUE(response.has("Connection: close\r\n"));
  EXPECT_TRUE(client.ends());
}

TEST_F(WatchTest, DrainEndsTheWaitAndNoneBeginsAfterwards) {
  server_.start();
  RawClient late = server_.connect();
  late.send(get("/late"));
  server_.gate.await_waiting(1);
  RawClient client = server_.connect();
  client.send(get("/wait"));
  events_.await(2);
  server_.server->drain();
  const RawResponse response = client.receive();
  EXPECT_EQ(response.body, "/wait stopping");
  EXPECT_TRUE(response.has("Connection: close\r\n"));
  server_.gate.open();
  EXPECT_EQ(late.receive().body, "/late stopping");
  RawClient next = server_.connect();
  next.send(get("/wait"));
  EXPECT_EQ(next.receive().body, "/wait stopping");
}

TEST_F(WatchTest, ClientThatLeftBeforeTheWaitIsNoticedWhenItBegins) {
  server_.start();
  RawClient client = waiting_client("/late");
  server_.gate.await_waiting(1);
  client.leave();
  server_.gate.open();
  EXPECT_THAT(events_.await(2), ElementsAre("/late", "gone"));
  await_open(0);
}

TEST_F(WatchTest, ManyClientsOnSeveralThreadsComeAndLeave) {
  server_.config.threads = 2;
  server_.start();
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([this, i] {
        for (int round = 0; round < 50; ++round) {
          RawClient client = server_.connect();
          client.send(get(round % 3 == 0 ? "/short" : "/wait"));
          if (round % 3 == 0) {
            EXPECT_EQ(client.receive().body, "/short timeout");
          }
          client.leave((round + i) % 2 == 0);
        }
      });
    }
  }
  await_open(0);
}

}  // namespace
}  // namespace triggers::http
