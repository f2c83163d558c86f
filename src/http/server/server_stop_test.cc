// The graceful stop: what happens to idle connections, running requests and unread responses.

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>

#include "http/server/test_server.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string get_wait = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";

class StopTest : public testing::Test {
 protected:
  /// Stops on another thread.
  std::future<void> stop(milliseconds grace) {
    return std::async(std::launch::async, [this, grace] { server_.stop(grace); });
  }
  bool has_ended(std::future<void>& stopped) { return stopped.wait_for(seconds{0}) == std::future_status::ready; }
  /// A connection that has had an answer and waits.
  RawClient idle_client() {
    RawClient client = server_.connect();
    client.send(get);
    EXPECT_EQ(client.receive().status, 200U);
    return client;
  }

  TestServer server_;
};

TEST_F(StopTest, IdleConnectionsAreClosed) {
  server_.start();
  RawClient idle = idle_client();
  server_.stop();
  EXPECT_TRUE(idle.ends());
}

TEST_F(StopTest, RequestInTheHandlerIsAnsweredAndTheConnectionCloses) {
  server_.start();
  RawClient busy = server_.connect();
  RawClient idle = idle_client();
  busy.send(get_wait);
  server_.gate.await_waiting(1);
  auto stopped = stop(seconds{10});
  EXPECT_TRUE(idle.ends());
  EXPECT_FALSE(has_ended(stopped));
  server_.gate.open();
  const RawResponse response = busy.receive();
  EXPECT_EQ(response.status, 200U);
  EXPECT_TRUE(response.has("Connection: close\r\n"));
  stopped.get();
  EXPECT_TRUE(busy.ends());
}

TEST_F(StopTest, PartlyReceivedRequestIsAnswered) {
  server_.start();
  RawClient idle = idle_client();
  RawClient late = server_.connect();
  late.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(late.receive().status, 100U);
  auto stopped = stop(seconds{10});
  EXPECT_TRUE(idle.ends());
  late.send("ab");
  EXPECT_EQ(late.receive().body, "POST / ab");
  stopped.get();
}

/// How long a stop takes whose grace would be a minute.
milliseconds timed(const std::function<void()>& stop) {
  const auto since = std::chrono::steady_clock::now();
  stop();
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - since);
}

TEST_F(StopTest, StalledHeaderIsNotWaitedFor) {
  server_.start();
  RawClient silent = server_.connect();
  RawClient first = server_.connect();
  first.send("GET / HT");
  RawClient later = idle_client();
  later.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Le");
  EXPECT_LT(timed([&] { server_.server->stop(seconds{60}); }), seconds{10});
  EXPECT_TRUE(silent.ends());
  EXPECT_TRUE(first.ends());
  EXPECT_TRUE(later.ends());
  EXPECT_EQ(server_.handled(), 1U);
}

TEST_F(StopTest, StalledBodyIsAnsweredThatTheServerStops) {
  server_.start();
  RawClient stalled = server_.connect();
  stalled.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  RawClient idle = idle_client();
  EXPECT_LT(timed([&] { server_.server->stop(seconds{60}); }), seconds{10});
  EXPECT_EQ(stalled.receive().status, 503U);
  EXPECT_TRUE(stalled.ends());
  EXPECT_EQ(server_.handled(), 1U);
}

TEST_F(StopTest, SlowBodyIsAnswered) {
  server_.start();
  RawClient slow = server_.connect();
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 12\r\n\r\n");
  EXPECT_EQ(slow.receive().status, 100U);
  RawClient idle = idle_client();
  auto stopped = stop(seconds{60});
  EXPECT_TRUE(idle.ends());
  // Longer in all than the patience for a client that sends nothing.
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(stopped.wait_for(milliseconds{100}), std::future_status::timeout);
    slow.send("x");
  }
  EXPECT_EQ(slow.receive().body, "POST / xxxxxxxxxxxx");
  stopped.get();
}

TEST_F(StopTest, GraceEndsASlowSenderButNotAHandler) {
  server_.start();
  RawClient slow = server_.connect();
  slow.send("GET / HT");
  RawClient busy = server_.connect();
  busy.send(get_wait);
  server_.gate.await_waiting(1);
  auto stopped = stop(milliseconds{20});
  EXPECT_TRUE(slow.ends());
  EXPECT_TRUE(busy.ends());
  EXPECT_FALSE(has_ended(stopped));
  server_.gate.open();
  stopped.get();
  EXPECT_EQ(server_.handled(), 1U);
}

TEST_F(StopTest, DrainingServerAcceptsAndEndsEachConnectionWithItsAnswer) {
  server_.start();
  RawClient kept = idle_client();
  server_.server->drain();
  kept.send(get);
  EXPECT_TRUE(kept.receive().has("Connection: close\r\n"));
  EXPECT_TRUE(kept.ends());
  RawClient late = server_.connect();
  late.send(get);
  const RawResponse response = late.receive();
  EXPECT_EQ(response.status, 200U);
  EXPECT_TRUE(response.has("Connection: close\r\n"));
  EXPECT_TRUE(late.ends());
}

TEST_F(StopTest, NothingListensAfterwards) {
  server_.start();
  server_.stop();
  TestServer next;
  next.config.port = server_.server->port();
  next.start();
  EXPECT_EQ(next.ask(get).status, 200U);
}

TEST_F(StopTest, StoppingTwiceIsStoppingOnce) {
  server_.start();
  server_.stop();
  server_.stop();
}

/// Whenever the server stops: a response is whole or absent, and every handled request has its response.
TEST_F(StopTest, UnderLoadEveryHandledRequestIsAnswered) {
  server_.config.threads = 2;
  server_.start();
  std::atomic<std::size_t> answered = 0;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 16; ++i) {
      clients.emplace_back([&] {
        RawClient client = server_.connect();
        for (;;) {
          client.send(get);
          const RawResponse response = client.receive();
          if (response.status != 200) return;
          ++answered;
          if (response.has("Connection: close")) return;
        }
      });
    }
    while (answered < 1000) std::this_thread::yield();
    server_.stop();
  }
  EXPECT_EQ(answered, server_.handled());
}

}  // namespace
}  // namespace triggers::http
