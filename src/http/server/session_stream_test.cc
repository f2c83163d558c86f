// Responses whose body is made while it is sent: framing, the client's pace, its memory, how they end. Over TLS:
// server_tls_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
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

std::string get(const std::string& target, const std::string& version = "1.1") {
  return "GET " + target + " HTTP/" + version + "\r\nHost: a\r\n\r\n";
}

/// A body as a function.
class FunctionBody final : public StreamedBody {
 public:
  using Function = std::function<Task<bool>(BodyWriter&)>;
  FunctionBody(FairBudget::Share memory, Function function, Events& events)
      : StreamedBody(std::move(memory)), function_(std::move(function)), events_(events) {}
  ~FunctionBody() override { events_.add("destroyed"); }
  Task<bool> send(BodyWriter& writer) override { return function_(writer); }

 private:
  const Function function_;
  Events& events_;
};

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    server_.config.body_deadline = milliseconds{40};  // so that deadlines are checked more often
    server_.handler = [this](const Request& request) { return handle(request); };
  }

  Task<Response> handle(const Request& request) {
    Response response;
    response.content_type = "text/plain";
    if (request.target == "/refused") {
      response.status = 404;
      response.body = "no such stream";
    } else if (request.target == "/next") {
      response.body = "next";
    } else {
      response.add("X-Own", "field");
      FunctionBody::Function body = [this, &request](BodyWriter& writer) { return send(request, writer); };
      response.set_stream(std::make_shared<FunctionBody>(FairBudget::Share(&budget_, "a"), std::move(body), events_));
    }
    co_return response;
  }

  Task<bool> send(const Request& request, BodyWriter& writer) {
    const std::string_view target = request.target;
    if (target == "/endless") co_return co_await endless(writer);
    if (target == "/events" || target == "/three") co_return co_await events(request, writer);
    const bool small = co_await writer.write("small");
    const bool none = co_await writer.write("");
    if (target == "/throws") throw std::runtime_error("thrown");
    if (target == "/part") co_return false;
    const bool large = co_await writer.write(std::string(300'000, 'x'));
    co_return small&& none&& large;
  }

  Task<bool> endless(BodyWriter& writer) {
    for (bool goes_on = true; goes_on;) {
      goes_on = co_await writer.write(std::string(8 * 1024, 'e'));
      if (goes_on) ++written_;
    }
    events_.add("refused");
    co_return true;
  }

  /// As server-sent events: a comment when nothing has come for a moment.
  Task<bool> events(const Request& request, BodyWriter& writer) {
    bool goes_on = co_await writer.write("data: first\n\n");
    for (int comments = 0; goes_on && (comments < 3 || request.target == "/events"); ++comments) {
      auto reason = Cancellation::Reason::none;
      {
        CallerWatch client(request, steady_clock::now() + comment_interval_);
        UntilCancelled waiting(client.cancellation());
        reason = co_await waiting;
      }
      if (reason != Cancellation::Reason::timeout) {
        events_.add(name_of(reason));
        break;
      }
      goes_on = co_await writer.write(": nothing yet\n\n");
    }
    co_return true;
  }

  std::future<void> stop() {
    return std::async(std::launch::async, [this] { server_.stop(seconds{60}); });
  }
  void await_open(std::size_t connections) const {
    while (server_.server->stats().connections_open != connections) std::this_thread::yield();
  }

  Events events_;
  FairBudget budget_{1024 * 1024, 16 * 1024};
  std::atomic<std::size_t> written_ = 0;
  milliseconds comment_interval_{1};
  TestServer server_;
};

TEST_F(StreamTest, PiecesAreChunksAndTheConnectionGoesOn) {
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/whole") + get("/next"));
  const RawResponse head = client.receive(false);
  EXPECT_EQ(head.status, 200U);
  EXPECT_TRUE(head.has("Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nX-Own: field\r\n\r\n")) << head.head;
  EXPECT_FALSE(head.has("Content-Length"));
  EXPECT_EQ(client.receive_chunk(), "small");
  EXPECT_EQ(client.receive_chunk(), std::string(300'000, 'x'));
  EXPECT_EQ(client.receive_chunk(), "");
  EXPECT_EQ(client.receive().body, "next");
  EXPECT_EQ(events_.await(1).front(), "destroyed");
  EXPECT_EQ(budget_.bytes(), 0U);
}

TEST_F(StreamTest, Http10GetsThePiecesUpToTheEndOfTheConnection) {
  server_.start();
  RawClient client = server_.connect();
  client.send("GET /whole HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const RawResponse head = client.receive(false);
  EXPECT_TRUE(head.has("Connection: close\r\n"));
  EXPECT_FALSE(head.has("Transfer-Encoding"));
  EXPECT_EQ(client.receive_all(), "small" + std::string(300'000, 'x'));
}

TEST_F(StreamTest, HeadGetsTheHeadOnly) {
  server_.start();
  RawClient client = server_.connect();
  client.send("HEAD /endless HTTP/1.1\r\nHost: a\r\n\r\n" + get("/next"));
  EXPECT_TRUE(client.receive(false).has("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(client.receive().body, "next");
  EXPECT_EQ(written_, 0U);
}

TEST_F(StreamTest, ConnectionClosesIfTheClientSaysSo) {
  server_.start();
  RawClient client = server_.connect();
  client.send("GET /whole HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.receive(false).has("Connection: close\r\n"));
  EXPECT_TRUE(client.receive_all().ends_with("\r\n0\r\n\r\n"));
}

TEST_F(StreamTest, ErrorBeforeTheFirstPieceIsAnOrdinaryResponse) {
  server_.start();
  const RawResponse response = server_.ask(get("/refused"));
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(response.body, "no such stream");
}

TEST_F(StreamTest, BodyThatBreaksOffHasNoEnd) {
  server_.start();
  for (const std::string target : {"/throws", "/part"}) {
    RawClient client = server_.connect();
    client.send(get(target));
    client.receive(false);
    EXPECT_EQ(client.receive_all(), "5\r\nsmall\r\n") << target;
  }
  EXPECT_EQ(server_.ask(get("/next")).status, 200U);
}

TEST_F(StreamTest, ClientsPaceIsThatOfTheBody) {
  server_.start();
  RawClient client(server_.server->port(), 64 * 1024);
  client.send(get("/endless"));
  client.receive(false);
  // What the kernels of both sides hold, and one piece.
  constexpr std::size_t ahead_max = 64;
  for (std::size_t i = 1; i <= 500; ++i) {
    EXPECT_EQ(client.receive_chunk()->size(), 8192U);
    ASSERT_LE(written_, i + ahead_max);
  }
}

TEST_F(StreamTest, ReaderThatDoesNotReadIsDroppedAndItsMemoryFreed) {
  server_.config.write_deadline = milliseconds{100};
  server_.start();
  RawClient client(server_.server->port(), 4096);
  client.send(get("/endless"));
  EXPECT_EQ(events_.await(2), (std::vector<std::string>{"refused", "destroyed"}));
  await_open(0);
  EXPECT_LT(written_, 64U);
  EXPECT_EQ(server_.server->stats().timeouts, 1U);
  EXPECT_EQ(budget_.bytes(), 0U);
  EXPECT_FALSE(client.receive_all().ends_with("\r\n0\r\n\r\n"));
}

TEST_F(StreamTest, PieceCountsInItsShareUntilItIsSent) {
  server_.start();
  RawClient client(server_.server->port(), 4096);
  client.send(get("/whole"));
  while (budget_.bytes() < 300'000) std::this_thread::yield();
  client.leave();
  EXPECT_EQ(events_.await(1).front(), "destroyed");
  EXPECT_EQ(budget_.bytes(), 0U);
}

TEST_F(StreamTest, PieceWithoutMemoryBreaksTheBodyOff) {
  FairBudget::Share others(&budget_, "b");
  EXPECT_TRUE(others.grow(1024 * 1024));
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/whole"));
  client.receive(false);
  EXPECT_EQ(client.receive_all(), "5\r\nsmall\r\n");
  others.shrink(others.bytes());
  EXPECT_EQ(budget_.bytes(), 0U);
}

TEST_F(StreamTest, ServerSentEventsCanBeBuiltOverIt) {
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/events"));
  client.receive(false);
  EXPECT_EQ(client.receive_chunk(), "data: first\n\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.receive_chunk(), ": nothing yet\n\n");
}

TEST_F(StreamTest, ClientThatLeavesWhileNothingIsSentIsNoticed) {
  comment_interval_ = seconds{60};
  server_.start();
  for (const bool rudely : {false, true}) {
    RawClient client = server_.connect();
    client.send(get("/events"));
    client.receive(false);
    EXPECT_EQ(client.receive_chunk(), "data: first\n\n");
    client.leave(rudely);
    await_open(0);
  }
  EXPECT_EQ(events_.await(4), (std::vector<std::string>{"gone", "destroyed", "gone", "destroyed"}));
}

TEST_F(StreamTest, RequestThatComesMeanwhileIsAnsweredAfterwards) {
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/three"));
  client.receive(false);
  client.send(get("/next"));
  EXPECT_EQ(client.receive_chunk(), "data: first\n\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.receive_chunk(), ": nothing yet\n\n");
  EXPECT_EQ(client.receive_chunk(), "");
  EXPECT_EQ(client.receive().body, "next");
}

TEST_F(StreamTest, DrainEndsAStreamThatWaits) {
  comment_interval_ = seconds{60};
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/events"));
  client.receive(false);
  EXPECT_EQ(client.receive_chunk(), "data: first\n\n");
  server_.server->drain();
  EXPECT_EQ(client.receive_chunk(), "");
  EXPECT_TRUE(client.ends());
}

TEST_F(StreamTest, StopEndsAStreamCleanly) {
  comment_interval_ = seconds{60};
  server_.start();
  RawClient waiting = server_.connect();
  waiting.send(get("/events"));
  waiting.receive(false);
  EXPECT_EQ(waiting.receive_chunk(), "data: first\n\n");
  RawClient busy = server_.connect();
  busy.send(get("/endless"));
  busy.receive(false);
  EXPECT_EQ(busy.receive_chunk()->size(), 8192U);
  auto stopped = stop();
  EXPECT_EQ(waiting.receive_chunk(), "");
  EXPECT_TRUE(waiting.ends());
  EXPECT_TRUE(busy.receive_all().ends_with("\r\n0\r\n\r\n"));
  stopped.get();
}

TEST_F(StreamTest, StopDoesNotWaitForAReaderThatDoesNotRead) {
  server_.start();
  RawClient client(server_.server->port(), 4096);
  client.send(get("/endless"));
  while (written_ == 0) std::this_thread::yield();
  const auto since = steady_clock::now();
  stop().get();
  EXPECT_LT(steady_clock::now() - since, seconds{10});
}

TEST_F(StreamTest, ManyStreamsOnSeveralThreadsBeginAndEnd) {
  server_.config.threads = 2;
  server_.start();
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([this, i] {
        for (int round = 0; round < 30; ++round) {
          RawClient client = server_.connect();
          client.send(get(round % 2 == 0 ? "/events" : "/endless"));
          client.receive(false);
          for (int chunk = 0; chunk < round; ++chunk) EXPECT_TRUE(client.receive_chunk().has_value());
          client.leave((round + i) % 3 == 0);
        }
      });
    }
  }
  await_open(0);
  EXPECT_EQ(budget_.bytes(), 0U);
}

}  // namespace
}  // namespace triggers::http
