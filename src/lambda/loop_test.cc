// The loop with a server that plays Lambda. Also packed bodies (body.h), and the address of the runtime interface
// (runtime_client.h).

#include "lambda/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <coroutine>
#include <deque>
#include <stdexcept>

#include "base/encoding.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/task.h"
#include "http/client/test_peer.h"
#include "http/wire/caller.h"
#include "http/wire/test_gzip.h"
#include "http/wire/test_until_cancelled.h"
#include "lambda/response_event.h"

namespace triggers::lambda {
namespace {

namespace json = boost::json;
using http::Method;
using testing::HasSubstr;

std::string event_for(std::string_view path) {
  json::object event = json::parse(R"({"version":"2.0","headers":{},"requestContext":{"stage":"$default",
    "http":{"method":"GET","sourceIp":"192.0.2.1"}}})")
                           .as_object();
  event["rawPath"] = path;
  return json::serialize(event);
}

/// A coroutine that waits until the test resumes it.
class Gate {
 public:
  auto wait() {
    struct Awaiter {
      Gate& gate;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> handle) const {
        gate.executor_ = &Executor::current();
        gate.waiting_ = handle;
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }
  void open() const { executor_->resume({&waiting_, 1}); }

 private:
  Executor* executor_ = nullptr;
  std::coroutine_handle<> waiting_;
};

/// Lambda's side: hands out the test's invocations, then disappears. Keeps the responses that it gets.
class Runtime {
 public:
  struct Given {
    std::string event;
    std::string fields;
  };

  explicit Runtime(std::deque<Given> given)
      : given_(std::move(given)), peer_([this](http::TestPeer::Connection& connection) { serve(connection); }) {}

  LoopEnd run(const http::Handlers& handlers, LoopConfig config = {}) {
    config.body_bytes_max = [](Method, std::string_view) { return std::size_t{1000}; };
    auto client = RuntimeClient::create("127.0.0.1:" + std::to_string(peer_.port()));
    return lambda::serve(*client, handlers, config);
  }
  /// The requests that were not `next`, whole.
  std::vector<std::string> told() {
    const MutexLock lock(mutex_);
    return told_;
  }
  unsigned post_status = 202;

 private:
  void serve(http::TestPeer::Connection& connection) {
    const auto request = connection.read_request();
    if (!request.starts_with("GET ")) {
      {
        const MutexLock lock(mutex_);
        told_.push_back(request);
      }
      connection.answer("{}", post_status);
      return;
    }
    const MutexLock lock(mutex_);
    if (!given_.empty()) {
      const auto next = given_.front();
      given_.pop_front();
      connection.answer(next.event, 200,
                        "Lambda-Runtime-Aws-Request-Id: id-" + std::to_string(++count_) + "\r\n" + next.fields);
    }
  }

  Mutex mutex_;
  std::deque<Given> given_ GUARDED_BY(mutex_);
  std::vector<std::string> told_ GUARDED_BY(mutex_);
  int count_ GUARDED_BY(mutex_) = 0;
  http::TestPeer peer_;
};

http::Response with_body(unsigned status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

/// Answers the target and the X-Request-ID.
http::Handlers echo() {
  http::Handlers handlers;
  handlers.handle = [](const http::Request& request) -> Task<http::Response> {
    co_return with_body(200, request.target + " " + std::string(request.headers.find("X-Request-ID").value_or("")));
  };
  handlers.protocol_error = [](const http::ProtocolError& error, const http::Request&) {
    if (error.problem == http::ProtocolProblem::not_implemented) return with_body(501, error.detail);
    return with_body(error.problem == http::ProtocolProblem::out_of_time ? 503 : 413, error.detail);
  };
  handlers.internal_error = [](const http::Request&) { return with_body(500, "failed"); };
  return handlers;
}

std::string packed_event(std::string_view path, std::string_view key, std::string_view gzip) {
  auto event = json::parse(event_for(path)).as_object();
  event["headers"] = json::object{{"content-encoding", "gzip"}, {"authorization", key}};
  event["requestContext"].at("http").as_object()["method"] = "POST";
  event["body"] = to_base64(gzip);
  event["isBase64Encoded"] = true;
  return json::serialize(event);
}

class CountingTicket final : public http::Ticket {
 public:
  CountingTicket(std::vector<std::size_t>& grown, bool with_body) : grown_(grown) { takes_body = with_body; }
  void body_grew_to(std::size_t bytes) override { grown_.push_back(bytes); }

 private:
  std::vector<std::size_t>& grown_;
};

/// Admits requests with a key, and records its calls.
struct Admitting {
  Admitting() {
    handlers.admit = [this](const http::Request& head) -> Task<http::Admission> {
      body_bytes_at_admission.push_back(head.body.size());
      if (head.headers.find("Authorization").value_or("").empty()) co_return with_body(401, "who are you");
      std::shared_ptr<http::Ticket> ticket = std::make_shared<CountingTicket>(grown, head.target != "/no-body");
      co_return ticket;
    };
    handlers.handle = [this](const http::Request& request) -> Task<http::Response> {
      ++handled;
      EXPECT_NE(request.ticket, nullptr);
      co_return with_body(200, "got " + std::to_string(request.body.size()));
    };
  }

  http::Handlers handlers = echo();
  std::vector<std::size_t> body_bytes_at_admission, grown;
  int handled = 0;
};

TEST(Loop, PackedBodyOfARequestThatIsNotAdmittedIsNotInflated) {
  Admitting api;
  // Inflated, either were another problem: the first is over the limit, the second is no gzip.
  const std::string blanks = http::gzipped(std::string(5'000'000, ' '));
  Runtime runtime({{packed_event("/a", "", blanks), ""}, {packed_event("/b", "", "no gzip"), ""}});
  runtime.run(api.handlers);
  ASSERT_EQ(runtime.told().size(), 2U);
  for (const auto& told : runtime.told()) {
    EXPECT_THAT(told, HasSubstr("\"statusCode\":401"));
    EXPECT_THAT(told, HasSubstr("who are you"));
  }
  EXPECT_THAT(api.body_bytes_at_admission, testing::ElementsAre(0, 0));
  EXPECT_THAT(api.grown, testing::IsEmpty());
  EXPECT_EQ(api.handled, 0);
}

TEST(Loop, PackedBodyIsInflatedAndPaidForOnceItsRequestIsAdmitted) {
  Admitting api;
  const std::string packed = http::gzipped(std::string(900, ' ')), large = http::gzipped(std::string(5000, ' '));
  std::string empty_members;
  while (empty_members.size() <= 900) empty_members += http::gzipped("");
  Runtime runtime({{packed_event("/a", "key", packed), ""},
                   {packed_event("/a", "key", large), ""},
                   {packed_event("/a", "key", empty_members), ""},
                   {packed_event("/no-body", "key", packed), ""}});
  runtime.run(api.handlers);
  ASSERT_EQ(runtime.told().size(), 4U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("got 900"));
  EXPECT_THAT(runtime.told()[1], HasSubstr("\"statusCode\":413"));
  EXPECT_THAT(runtime.told()[2], HasSubstr("got 0"));
  EXPECT_THAT(runtime.told()[3], HasSubstr("got 0"));
  ASSERT_EQ(api.grown.size(), 3U);
  EXPECT_EQ(api.grown[0], 900U);
  EXPECT_EQ(api.grown[1], large.size());  // As on a socket, the piece that passed the limit does not count.
  EXPECT_EQ(api.grown[2], empty_members.size());
}

TEST(Loop, PlainBodyIsJudgedWithItsRequest) {
  Admitting api;
  api.handlers.handle = [](const http::Request& request) -> Task<http::Response> {
    EXPECT_EQ(request.ticket, nullptr);
    co_return with_body(200, "got " + request.body);
  };
  auto event = json::parse(event_for("/a")).as_object();
  event["body"] = "abc";
  Runtime runtime({{json::serialize(event), ""}});
  runtime.run(api.handlers);
  ASSERT_EQ(runtime.told().size(), 1U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("got abc"));
  EXPECT_THAT(api.body_bytes_at_admission, testing::IsEmpty());
}

TEST(Loop, AnswersEachInvocationUntilTheInterfaceIsGone) {
  Runtime runtime({{event_for("/a"), ""}, {event_for("/b"), ""}});
  int begun = 0, ended = 0;
  LoopConfig config;
  config.on_begin = [&] { ++begun; };
  config.on_end = [&]() -> Task<void> {
    ++ended;
    co_return;
  };
  const auto end = runtime.run(echo(), config);
  EXPECT_FALSE(end.requests_under_way);
  ASSERT_EQ(runtime.told().size(), 2U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1"));
  EXPECT_THAT(runtime.told()[0], HasSubstr("/a id-1"));
  EXPECT_THAT(runtime.told()[1], HasSubstr("/b id-2"));
  EXPECT_EQ(begun, 2);
  EXPECT_EQ(ended, 2);
}

TEST(Loop, ExceptionFailsItsInvocationOnly) {
  Runtime runtime({{event_for("/a"), ""}, {event_for("/b"), ""}});
  http::Handlers handlers = echo();
  handlers.handle = [](const http::Request& request) -> Task<http::Response> {
    if (request.target == "/a") throw std::runtime_error("no handler");
    co_return with_body(200, request.target);
  };
  handlers.internal_error = [](const http::Request&) -> http::Response { throw std::runtime_error("no memory"); };
  runtime.run(handlers);
  ASSERT_EQ(runtime.told().size(), 2U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("POST /2018-06-01/runtime/invocation/id-1/error "));
  EXPECT_THAT(runtime.told()[0], HasSubstr("Lambda-Runtime-Function-Error-Type: Triggers.Failed"));
  EXPECT_THAT(runtime.told()[0], HasSubstr("no memory"));
  EXPECT_THAT(runtime.told()[1], HasSubstr("/b"));
}

TEST(Loop, ExceptionBetweenInvocationsEndsTheLoopWithItsCause) {
  Runtime runtime({{event_for("/a"), ""}, {event_for("/b"), ""}});
  LoopConfig config;
  config.on_end = []() -> Task<void> { throw std::runtime_error("nothing settles"); };
  const auto end = runtime.run(echo(), config);
  EXPECT_EQ(end.why.message, "nothing settles");
  EXPECT_FALSE(end.requests_under_way);
  EXPECT_EQ(runtime.told().size(), 1U);
}

TEST(Loop, BadEventFailsItsInvocationOnly) {
  Runtime runtime({{"{\"no\":1}", ""}, {event_for("/b"), ""}});
  runtime.run(echo());
  ASSERT_EQ(runtime.told().size(), 2U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("POST /2018-06-01/runtime/invocation/id-1/error "));
  EXPECT_THAT(runtime.told()[0], HasSubstr("Lambda-Runtime-Function-Error-Type: Triggers.BadEvent"));
  EXPECT_THAT(runtime.told()[1], HasSubstr("/b id-2"));
}

TEST(Loop, TraceIsTheRequestsIdUnlessTheClientSentOne) {
  auto named = json::parse(event_for("/own")).as_object();
  named["headers"] = json::object{{"x-request-id", "mine"}};
  const std::string trace =
      "Lambda-Runtime-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8\r\n";
  Runtime runtime({{event_for("/a"), trace}, {json::serialize(named), trace}});
  runtime.run(echo());
  ASSERT_EQ(runtime.told().size(), 2U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("/a 1-5759e988-bd862e3fe1be46a994272793\""));
  EXPECT_THAT(runtime.told()[1], HasSubstr("/own mine\""));
}

TEST(Loop, LateAnswerIs503AndTheNextInvocationIsServed) {
  Gate gate;
  auto handlers = echo();
  bool finished = false;
  handlers.handle = [&](const http::Request& request) -> Task<http::Response> {
    if (request.target == "/slow") {
      co_await gate.wait();
      finished = true;
    } else {
      gate.open();
    }
    const std::string target = request.target;
    co_return with_body(200, target);
  };
  // Its time is over already.
  Runtime runtime({{event_for("/slow"), "Lambda-Runtime-Deadline-Ms: 1000\r\n"}, {event_for("/next"), ""}});
  const auto end = runtime.run(handlers);
  ASSERT_EQ(runtime.told().size(), 2U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("\"statusCode\":503"));
  EXPECT_THAT(runtime.told()[1], HasSubstr("/next"));
  EXPECT_TRUE(finished);
  EXPECT_FALSE(end.requests_under_way);
}

constexpr std::chrono::minutes long_wait{1};

/// Waits, and answers why the wait has ended.
Task<http::Response> wait_for(const http::Request& request, std::chrono::milliseconds time = long_wait) {
  http::CallerWatch client(request, std::chrono::steady_clock::now() + time);
  UntilCancelled waiting(client.cancellation());
  const std::string why = http::name_of(co_await waiting);
  co_return with_body(200, "waited: " + why);
}

TEST(Loop, WaitEndsAtItsTime) {
  auto handlers = echo();
  handlers.handle = [](const http::Request& request) { return wait_for(request, std::chrono::milliseconds{1}); };
  Runtime runtime({{event_for("/a"), ""}});
  runtime.run(handlers);
  ASSERT_EQ(runtime.told().size(), 1U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("waited: timeout"));
}

TEST(Loop, WaitEndsSoEarlyThatTheFunctionCanRespond) {
  auto handlers = echo();
  handlers.handle = [](const http::Request& request) { return wait_for(request); };
  const auto deadline = Clock::system().now() + std::chrono::milliseconds{600};
  Runtime runtime({{event_for("/a"),
                    "Lambda-Runtime-Deadline-Ms: " + std::to_string(deadline.time_since_epoch().count()) + "\r\n"}});
  runtime.run(handlers);
  ASSERT_EQ(runtime.told().size(), 1U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("waited: timeout"));
}

TEST(Loop, LateRequestIsToldThatItsClientHasLeft) {
  Gate gate;
  auto handlers = echo();
  std::string late;
  handlers.handle = [&](const http::Request& request) -> Task<http::Response> {
    if (request.target == "/next") {
      gate.open();
      co_return with_body(200, "next");
    }
    co_await gate.wait();
    http::Response response = co_await wait_for(request);
    late = response.body;
    co_return response;
  };
  Runtime runtime({{event_for("/slow"), "Lambda-Runtime-Deadline-Ms: 1000\r\n"}, {event_for("/next"), ""}});
  EXPECT_FALSE(runtime.run(handlers).requests_under_way);
  EXPECT_EQ(late, "waited: gone");
}

TEST(Loop, StreamIs501) {
  struct Body final : http::StreamedBody {
    Body() : StreamedBody({}) {}
    Task<bool> send(http::BodyWriter&) override { co_return true; }
  };
  auto handlers = echo();
  handlers.handle = [](const http::Request& request) -> Task<http::Response> {
    EXPECT_FALSE(request.caller->takes_streams());
    http::Response response;
    response.set_stream(std::make_shared<Body>());
    co_return response;
  };
  Runtime runtime({{event_for("/a"), ""}});
  runtime.run(handlers);
  ASSERT_EQ(runtime.told().size(), 1U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("\"statusCode\":501"));
  EXPECT_THAT(runtime.told()[0], HasSubstr("one page after another"));
}

TEST(Loop, LongWorkAfterAResponseDelaysNobodyAndIsNotStartedTwice) {
  Gate gate;
  int begun = 0, done = 0;
  LoopConfig config;
  config.upkeep_max = std::chrono::milliseconds{0};
  config.on_end = [&]() -> Task<void> {
    ++begun;
    co_await gate.wait();
    ++done;
  };
  auto handlers = echo();
  handlers.handle = [&](const http::Request& request) -> Task<http::Response> {
    if (request.target == "/c") gate.open();
    const std::string target = request.target;
    co_return with_body(200, target);
  };
  Runtime runtime({{event_for("/a"), ""}, {event_for("/b"), ""}, {event_for("/c"), ""}});
  EXPECT_FALSE(runtime.run(handlers, config).requests_under_way);
  EXPECT_EQ(runtime.told().size(), 3U);
  EXPECT_EQ(begun, 1);
  EXPECT_EQ(done, 1);
}

TEST(Loop, ExceptionIsA500) {
  auto handlers = echo();
  handlers.handle = [](const http::Request&) -> Task<http::Response> {
    throw std::runtime_error("no");
    co_return http::Response{};
  };
  Runtime runtime({{event_for("/a"), ""}});
  runtime.run(handlers);
  ASSERT_EQ(runtime.told().size(), 1U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("\"statusCode\":500"));
}

TEST(Loop, AnswerOverLambdasLimitIsRefusedInsteadOfBeingLost) {
  auto handlers = echo();
  handlers.handle = [](const http::Request&) -> Task<http::Response> {
    co_return with_body(200, std::string(response_bytes_max, 'a'));
  };
  Runtime runtime({{event_for("/a"), ""}});
  runtime.run(handlers);
  ASSERT_EQ(runtime.told().size(), 1U);
  EXPECT_THAT(runtime.told()[0], HasSubstr("\"statusCode\":413"));
}

TEST(Loop, ResponseThatLambdaRefusesDoesNotEndTheLoop) {
  Runtime runtime({{event_for("/a"), ""}, {event_for("/b"), ""}});
  runtime.post_status = 400;
  runtime.run(echo());
  EXPECT_EQ(runtime.told().size(), 2U);
}

TEST(Loop, EndsWhenTheInterfaceFails) {
  Runtime runtime({{event_for("/a"), ""}, {event_for("/b"), ""}});
  runtime.post_status = 500;
  const auto end = runtime.run(echo());
  EXPECT_EQ(runtime.told().size(), 1U);
  EXPECT_EQ(end.why.code, ErrorCode::internal);
}

TEST(RuntimeClient, AddressMustBeHostAndPort) {
  for (const std::string_view address : {"", "127.0.0.1", ":9001", "127.0.0.1:", "127.0.0.1:port", "127.0.0.1:70000"}) {
    EXPECT_FALSE(RuntimeClient::create(address)) << address;
  }
  EXPECT_TRUE(RuntimeClient::create("127.0.0.1:9001"));
}

}  // namespace
}  // namespace triggers::lambda
