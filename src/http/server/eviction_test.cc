// Which connection is closed for a new one when the server is full (ServerConfig::connections_max), and the queues that
// it is chosen from.

#include "http/server/eviction.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "http/server/test_server.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t places = 20;

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

class EvictionTest : public testing::TestWithParam<unsigned> {
 protected:
  EvictionTest() {
    server_.config.connections_max = places;
    server_.config.threads = GetParam();
    server_.config.header_deadline = server_.config.idle_deadline = seconds{600};
  }

  ServerStats stats() const { return server_.server->stats(); }
  /// So many connections that have sent `start` only, and are counted.
  std::vector<RawClient> hold(std::size_t count, const std::string& start = {}) {
    const std::size_t open = stats().connections_open + count;
    std::vector<RawClient> clients;
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(server_.connect());
      clients.back().send(start);
    }
    while (stats().connections_open < open) std::this_thread::yield();
    return clients;
  }
  /// A connection whose first request was answered.
  RawClient served(const std::string& target = "/") {
    for (;;) {
      RawClient client = server_.connect();
      client.send(get(target));
      if (client.receive().status == 200) return client;
    }
  }
  std::size_t ended(std::vector<RawClient>& clients) {
    std::size_t count = 0;
    for (auto& client : clients) count += client.readable_within(milliseconds{0}) && client.ends() ? 1 : 0;
    return count;
  }

  TestServer server_;
};

INSTANTIATE_TEST_SUITE_P(Loops, EvictionTest, testing::Values(1U, 3U));

TEST_P(EvictionTest, NewConnectionIsServedWhileIdleOnesHoldAllPlaces) {
  server_.start();
  auto idle = hold(places);
  for (std::size_t i = 1; i <= places / 2; ++i) {
    EXPECT_EQ(server_.ask(get("/")).status, 200U);
    EXPECT_LE(stats().connections_open, places);
  }
  EXPECT_GT(ended(idle), 0U);
  EXPECT_GE(stats().connections_evicted, ended(idle));
  EXPECT_EQ(stats().connections_refused, 0U);
}

TEST_P(EvictionTest, LongestIdleGoesFirst) {
  server_.start();
  auto idle = hold(places);
  auto newcomers = std::vector<RawClient>{};
  for (std::size_t i = 0; i < places; ++i) {
    newcomers.push_back(server_.connect());
    while (stats().connections_evicted <= i) std::this_thread::yield();
    // Several loops start the connections of one moment in any order.
    if (GetParam() == 1) {
      EXPECT_TRUE(idle[i].ends()) << i;
    }
  }
  EXPECT_EQ(ended(idle) + ended(newcomers), places);
  EXPECT_EQ(stats().connections_open, places);
}

TEST_P(EvictionTest, ConnectionsWithoutARequestAreEvictedBeforeKeptOnes) {
  server_.start();
  std::vector<RawClient> kept;
  kept.push_back(served());
  auto idle = hold(places - 1);
  for (std::size_t i = 0; i < places - 1; ++i) {
    RawClient newcomer = served();
    newcomer.send(get("/close"));
    EXPECT_EQ(newcomer.receive().status, 200U);
    EXPECT_TRUE(newcomer.ends());
    kept.front().send(get("/"));
    EXPECT_EQ(kept.front().receive().status, 200U);
  }
  EXPECT_EQ(stats().connections_refused, 0U);
}

TEST_P(EvictionTest, KeptConnectionsAreEvicted) {
  server_.start();
  std::vector<RawClient> kept;
  for (std::size_t i = 0; i < places; ++i) kept.push_back(served());
  const RawClient newcomer = served();
  EXPECT_EQ(stats().connections_evicted, 1U);
  EXPECT_EQ(ended(kept), 1U);
}

TEST_P(EvictionTest, RequestsInProgressAreNeverCutSoANewConnectionIsRefused) {
  server_.start();
  auto busy = hold(places, get("/wait"));
  server_.gate.await_waiting(places);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(server_.ask(get("/")).status, 503U);
  EXPECT_EQ(stats().connections_refused, 3U);
  EXPECT_EQ(stats().connections_evicted, 0U);
  server_.gate.open();
  for (auto& client : busy) EXPECT_EQ(client.receive().body, "GET /wait ");
  const RawClient newcomer = served();
  EXPECT_EQ(stats().connections_evicted, 1U);
}

TEST_P(EvictionTest, BodyUnderWayIsNotCut) {
  server_.start();
  auto busy = hold(places - 1, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
  auto idle = hold(1);
  for (int i = 0; i < 5; ++i) {
    RawClient newcomer = served();
    newcomer.send(get("/close"));
    EXPECT_EQ(newcomer.receive().status, 200U);
  }
  for (auto& client : busy) {
    client.send("b");
    EXPECT_EQ(client.receive().body, "POST /p ab");
  }
  EXPECT_TRUE(idle.front().ends());
}

TEST_P(EvictionTest, SendersOfRefusedBodiesAreEvictedAfterAMoment) {
  server_.use_admission();
  server_.config.body_deadline = seconds{5};
  server_.start();
  auto slow = hold(places, "POST /free HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
  for (std::size_t i = 0; i < places; ++i) const RawClient newcomer = served();
  EXPECT_GT(stats().connections_evicted, 0U);
  EXPECT_EQ(stats().timeouts, 0U);
}

TEST_P(EvictionTest, SilentSenderIsEvictedBeforeOneThatStillSendsARefusedBody) {
  server_.use_admission();
  server_.config.connections_max = 2;
  server_.start();
  const std::string refused = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na";
  // If the server chooses before it reads the byte, it closes the older connection, which is the one that goes on.
  for (int attempt = 0; attempt < 10; ++attempt) {
    auto going_on = hold(1, refused);
    EXPECT_EQ(going_on.front().receive().status, 401U);
    auto silent = hold(1, refused);
    EXPECT_EQ(silent.front().receive().status, 401U);
    going_on.front().send("b");
    const RawClient newcomer = served();
    if (!silent.front().readable_within(std::chrono::milliseconds{200})) continue;
    EXPECT_TRUE(silent.front().ends());
    going_on.front().send("c" + get("/"));
    EXPECT_EQ(going_on.front().receive().body, "GET / ");
    return;
  }
  FAIL() << "the connection that went on was closed each time";
}

TEST_P(EvictionTest, SlowHeadersAreEvictedAfterAMoment) {
  server_.start();
  auto slow = hold(places, "GET / HTTP/1.1\r\nX: ");
  for (std::size_t i = 0; i < places; ++i) const RawClient newcomer = served();
  EXPECT_GT(stats().connections_evicted, 0U);
  EXPECT_EQ(stats().timeouts, 0U);
}

TEST_P(EvictionTest, IdleConnectionsAreEvictedBeforeSlowHeaders) {
  server_.start();
  auto slow = hold(places - 1, "GET /late HTTP/1.1\r\nHost: a\r\n");
  auto idle = hold(1);
  for (int i = 0; i < 5; ++i) {
    RawClient newcomer = served();
    newcomer.send(get("/close"));
    EXPECT_EQ(newcomer.receive().status, 200U);
  }
  for (auto& client : slow) {
    client.send("\r\n");
    EXPECT_EQ(client.receive().body, "GET /late ");
  }
}

TEST_P(EvictionTest, RunningRequestsAreAnsweredHoweverManyNewConnectionsArrive) {
  server_.start();
  std::atomic<std::size_t> answered = 0;
  std::vector<std::thread> crowd;
  for (int i = 0; i < 4; ++i) {
    crowd.emplace_back([&] {
      std::vector<RawClient> open;
      for (int made = 0; made < 300; ++made) {
        if (open.size() == places) open.erase(open.begin());
        open.push_back(server_.connect());
        if (made % 2 == 0) continue;
        open.back().send(get("/a"));
        answered += open.back().receive().status == 200 ? 1 : 0;
      }
    });
  }
  for (auto& thread : crowd) thread.join();
  EXPECT_GT(answered, 0U);
  EXPECT_EQ(server_.handled(), answered);
  EXPECT_GT(stats().connections_evicted, 0U);
}

struct WaitingConnection final : Evictable {};

class VictimTest : public testing::Test {
 protected:
  Evictable::TimePoint before(int ms) const { return now_ - milliseconds{ms}; }
  const EvictionQueue* victims_queue() const { return victim_of(queues_, now_).queue; }

  const Evictable::TimePoint now_ = std::chrono::steady_clock::now();
  EvictionQueues queues_;
};

TEST_F(VictimTest, QueueKeepsItsOrderWhoeverLeaves) {
  EvictionQueue& queue = queues_.kept;
  EXPECT_EQ(queue.oldest(), Evictable::TimePoint::max());
  WaitingConnection first, second, third;
  first.join(queue, before(30));
  second.join(queue, before(20));
  {
    WaitingConnection passing;
    passing.join(queue, before(15));
  }
  third.join(queue, before(10));
  second.leave_queue();
  second.leave_queue();
  EXPECT_EQ(queue.first(), &first);
  first.join(queue, before(5));
  EXPECT_EQ(queue.first(), &third);
  EXPECT_EQ(queue.oldest(), before(10));
  third.join(queues_.fresh, before(1));
  EXPECT_EQ(queue.first(), &first);
  first.leave_queue();
  EXPECT_EQ(queue.first(), nullptr);
  EXPECT_EQ(queue.oldest(), Evictable::TimePoint::max());
}

TEST_F(VictimTest, ConnectionThatJustBeganOrAnsweredIsNoVictim) {
  WaitingConnection header, answered;
  header.join(queues_.header, before(100));
  answered.join(queues_.answered, before(100));
  EXPECT_EQ(victims_queue(), nullptr);
}

TEST_F(VictimTest, ConnectionsWithoutARequestGoFirstUnlessTheyAreNew) {
  WaitingConnection old_header, old_answered, young_kept, young_fresh, old_kept, old_fresh;
  old_answered.join(queues_.answered, before(1'000));
  EXPECT_EQ(victims_queue(), &queues_.answered);
  old_header.join(queues_.header, before(500));
  EXPECT_EQ(victims_queue(), &queues_.header);
  young_kept.join(queues_.kept, before(10));
  EXPECT_EQ(victims_queue(), &queues_.kept);
  young_fresh.join(queues_.fresh, before(10));
  EXPECT_EQ(victims_queue(), &queues_.fresh);
  young_kept.leave_queue();
  old_kept.join(queues_.kept, before(2'000));
  EXPECT_EQ(victims_queue(), &queues_.kept);
  young_fresh.leave_queue();
  old_fresh.join(queues_.fresh, before(1'500));
  EXPECT_EQ(victims_queue(), &queues_.fresh);
}

}  // namespace
}  // namespace triggers::http
