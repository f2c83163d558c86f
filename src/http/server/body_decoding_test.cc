// Where gzip bodies are decoded: a first piece on the IO loop, the rest on the decoders, where tenants take turns.
// Their memory is in body_memory_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "base/sync_wait.h"
#include "http/server/test_server.h"
#include "http/wire/test_gzip.h"

namespace triggers::http {
namespace {

constexpr std::size_t here_bytes = 16 * 1024;

std::string packed_head(const std::string& tenant, std::size_t bytes, const std::string& target) {
  return "POST " + target + " HTTP/1.1\r\nHost: a\r\nKey: " + tenant +
         "\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
}

std::string packed(const std::string& tenant, const std::string& body, const std::string& target = "/p") {
  const std::string bytes = gzipped(body);
  return packed_head(tenant, bytes.size(), target) + bytes;
}

/// Keeps the only thread of a pool busy.
class Blocker {
 public:
  explicit Blocker(TurnPool& pool) : thread_([this, &pool] { sync_wait(block(pool)); }) {
    blocked_.get_future().wait();
  }
  Blocker(const Blocker&) = delete;
  Blocker& operator=(const Blocker&) = delete;
  ~Blocker() { release(); }

  void release() {
    if (!thread_.joinable()) return;
    open_.set_value();
    thread_.join();
  }

 private:
  Task<void> block(TurnPool& pool) {
    auto blocked = pool.run("blocker", [this] {
      blocked_.set_value();
      open_.get_future().wait();
      return true;
    });
    co_await blocked;
  }

  std::promise<void> blocked_, open_;
  std::thread thread_;
};

class DecodingTest : public testing::Test {
 protected:
  DecodingTest() { server_.use_admission(); }

  ServerStats stats() const { return server_.server->stats(); }
  void await_waiting(std::size_t count) const {
    while (server_.decoders.waiting() < count) std::this_thread::yield();
  }
  void await_connections(std::size_t count) const {
    while (stats().connections_open != count) std::this_thread::yield();
  }
  RawClient sent(const std::string& bytes) const {
    RawClient client = server_.connect();
    client.send(bytes);
    return client;
  }

  TestServer server_;
};

TEST_F(DecodingTest, SmallBodyIsDecodedOnTheLoopAndALargeOneInSlicesElsewhere) {
  server_.start();
  EXPECT_EQ(server_.ask(packed("a", std::string(here_bytes / 2, 'x'))).status, 200U);
  EXPECT_EQ(server_.decoders.taken(), 0U);
  const std::string body(here_bytes + 450'000, 'x');
  EXPECT_EQ(server_.ask(packed("a", body)).body, "POST /p " + body);
  // Slices of 256 KiB.
  EXPECT_EQ(server_.decoders.taken(), 2U);
  EXPECT_EQ(server_.charged_bytes(), here_bytes / 2 + body.size());
}

TEST_F(DecodingTest, ManyLargeBodiesCostTheLoopTheirFirstPieceOnly) {
  server_.start();
  Blocker blocker(server_.decoders);
  constexpr std::size_t count = 60;
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < count; ++i) clients.push_back(sent(packed("greedy", std::string(400'000, ' '))));
  await_waiting(count);
  EXPECT_LE(stats().inflated_bytes, count * here_bytes);
  EXPECT_EQ(server_.ask(packed("other", "small")).status, 200U);
  blocker.release();
  for (auto& client : clients) EXPECT_EQ(client.receive().status, 200U);
}

TEST_F(DecodingTest, BodyThatComesInSmallPiecesCostsTheLoopNoMore) {
  server_.start();
  std::string body;
  for (std::size_t n = 0; body.size() < 200'000; ++n) body += std::to_string(n * n % 1'000'003);
  const std::string bytes = gzipped(body);
  RawClient client = server_.connect();
  Blocker blocker(server_.decoders);
  client.send(packed_head("a", bytes.size(), "/p"));
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 100) {
    client.send(std::string_view(bytes).substr(at, std::min<std::size_t>(100, bytes.size() - 1 - at)));
  }
  await_waiting(1);
  EXPECT_LE(stats().inflated_bytes, here_bytes);
  blocker.release();
  client.send(bytes.substr(bytes.size() - 1));
  EXPECT_EQ(client.receive().body, "POST /p " + body);
}

TEST_F(DecodingTest, EmptyGzipMembersCountByTheirCompressedSize) {
  server_.start();
  Blocker blocker(server_.decoders);
  std::string bytes;
  while (bytes.size() < 2 * here_bytes) bytes += gzipped("");
  RawClient client = sent(packed_head("a", bytes.size(), "/p") + bytes);
  await_waiting(1);
  blocker.release();
  EXPECT_EQ(client.receive().body, "POST /p ");
}

TEST_F(DecodingTest, TenantsTakeTurns) {
  server_.start();
  Blocker blocker(server_.decoders);
  const std::string body(400'000, ' ');
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(sent(packed("greedy", body, "/greedy")));
  await_waiting(10);
  clients.push_back(sent(packed("small", body, "/small")));
  await_waiting(11);
  blocker.release();
  for (auto& client : clients) EXPECT_EQ(client.receive().status, 200U);
  // Each needs two slices: by the small tenant's second the greedy one has had two or three.
  const auto targets = server_.targets();
  EXPECT_LE(std::ranges::find(targets, "/small") - targets.begin(), 1);
}

TEST_F(DecodingTest, ConnectionMayEndWhileItsSliceIsElsewhere) {
  server_.start();
  Blocker blocker(server_.decoders);
  {
    const RawClient gone = sent(packed("a", std::string(400'000, ' ')));
  }
  await_waiting(1);
  blocker.release();
  await_connections(0);
  EXPECT_EQ(stats().bodies_bytes, 0U);
}

TEST_F(DecodingTest, StopThatCutsOffWaitsForTheSliceThatIsElsewhere) {
  server_.start();
  Blocker blocker(server_.decoders);
  RawClient client = sent(packed("a", std::string(400'000, ' ')));
  await_waiting(1);
  std::thread stopping([this] { server_.stop(std::chrono::milliseconds{0}); });
  EXPECT_TRUE(client.ends());
  blocker.release();
  stopping.join();
  EXPECT_EQ(stats().connections_open, 0U);
}

TEST_F(DecodingTest, StopAnswersABodyThatHasCome) {
  server_.start();
  Blocker blocker(server_.decoders);
  RawClient client = sent(packed("a", std::string(400'000, ' ')));
  await_waiting(1);
  std::thread stopping([this] { server_.stop(std::chrono::seconds{5}); });
  blocker.release();
  EXPECT_EQ(client.receive().status, 200U);
  stopping.join();
}

TEST_F(DecodingTest, TimeForTheBodyEndsAlsoWhileItWaitsForItsTurn) {
  server_.config.body_deadline = std::chrono::milliseconds{20};
  server_.start();
  Blocker blocker(server_.decoders);
  RawClient client = sent(packed("a", std::string(400'000, ' ')));
  await_waiting(1);
  // Its time began later, so once that has ended the first one's has too.
  RawClient later = sent("POST /p HTTP/1.1\r\nHost: a\r\nKey: a\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(later.receive().status, 408U);
  EXPECT_FALSE(client.readable_within(std::chrono::milliseconds{0}));
  blocker.release();
  EXPECT_EQ(client.receive().status, 408U);
}

TEST_F(DecodingTest, DeadlineThatPassesDuringTheLastTurnDoesNotAffectTheNextRequest) {
  server_.config.body_deadline = std::chrono::milliseconds{20};
  server_.start();
  Blocker blocker(server_.decoders);
  RawClient client = sent(packed("a", std::string(200'000, ' ')));
  await_waiting(1);
  RawClient later = sent("POST /p HTTP/1.1\r\nHost: a\r\nKey: a\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(later.receive().status, 408U);
  blocker.release();
  const RawResponse first = client.receive();
  EXPECT_EQ(first.status, 200U);
  EXPECT_FALSE(first.has("Connection: close"));
  client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().body, "GET /next ");
}

TEST_F(DecodingTest, StopAnswersABodyThatHasComeHoweverLongItWaitsForItsTurn) {
  server_.start();
  Blocker blocker(server_.decoders);
  RawClient client = sent(packed("a", std::string(400'000, ' ')));
  await_waiting(1);
  RawClient later = sent("POST /p HTTP/1.1\r\nHost: a\r\nKey: a\r\nContent-Length: 100000\r\n\r\n");
  await_connections(2);
  std::thread stopping([this] { server_.stop(std::chrono::seconds{30}); });
  // Its patience began later, so once that has ended the first one's has too.
  EXPECT_EQ(later.receive().status, 503U);
  EXPECT_FALSE(client.readable_within(std::chrono::milliseconds{0}));
  blocker.release();
  EXPECT_EQ(client.receive().status, 200U);
  stopping.join();
}

TEST_F(DecodingTest, PipelinedRequestFollowsALargeBody) {
  server_.start();
  RawClient client = sent(packed("a", std::string(400'000, 'x')) + packed("a", "second", "/q"));
  EXPECT_EQ(client.receive().body.size(), 400'008U);
  EXPECT_EQ(client.receive().body, "POST /q second");
}

TEST_F(DecodingTest, BodyThatTurnsOutTooLargeOrBrokenIsRefused) {
  server_.start();
  EXPECT_EQ(server_.ask(packed("a", std::string(1'000'000, ' '))).status, 413U);
  std::string broken = packed("a", std::string(400'000, ' '));
  broken[broken.size() - 5] ^= 1;
  EXPECT_EQ(server_.ask(broken).status, 400U);
}

TEST_F(DecodingTest, WithoutDecodersTheLoopDecodesAll) {
  server_.decodes_aside = false;
  server_.start();
  const std::string body(400'000, 'x');
  EXPECT_EQ(server_.ask(packed("a", body)).body, "POST /p " + body);
  EXPECT_EQ(server_.decoders.taken(), 0U);
}

}  // namespace
}  // namespace triggers::http
