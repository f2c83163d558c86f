// Which bodies and responses leave the IO loop, and that tenants take turns there.

#include "api/exchange/off_loop.h"

#include <gtest/gtest.h>

#include <string>

#include "api/test_service.h"

namespace triggers::api {
namespace {

using http::Method;

/// `count` of `element`, as a JSON list.
std::string list_of(std::size_t count, const std::string& element) {
  std::string list = "[";
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ",") + element;
  return list + "]";
}

/// A service with a pool, which says how much it has taken.
class OffLoopAnswers : public testing::Test {
 protected:
  OffLoopAnswers() { service_.use(parsers_); }

  /// How often the pool is used for one request, which must be answered with `status`.
  std::uint64_t turns(Method method, const std::string& target, const std::string& body = {}, unsigned status = 200) {
    const auto before = parsers_.taken();
    last_ = service_.send(method, target, key_, body);
    EXPECT_EQ(last_.status(), status) << target;
    return parsers_.taken() - before;
  }

  TurnPool parsers_{1};
  TestService service_;
  const std::string key_ = service_.key(auth::Role::admin);
  Seen last_;
};

TEST(OffLoopTest, LargeBodiesAreParsedOffTheLoopWithTheSameAnswers) {
  TestService service;
  const auto key = service.key(auth::Role::admin);
  const std::string filler(100'000, 'x');
  const auto ask_all = [&] {
    std::string answers;
    const auto note = [&](const Seen& seen) { answers += std::to_string(seen.status()) + seen.code() + " "; };
    note(service.post(key, "t", R"({"text":")" + filler + "\"}", {{"Idempotency-Key", "a"}}));
    note(service.post(key, "t", R"({"text":)" + filler + "}"));
    note(service.send(Method::post, "/events/batch", key,
                      R"([{"event_type":"t","payload":{"text":")" + filler + "\"}}]"));
    note(service.send(Method::post, "/events/batch", key, "[" + filler + "]"));
    note(service.send(Method::post, "/inbox/ack", key, R"({"event_ids":[")" + filler + "\"]}"));
    note(service.send(Method::post, "/admin/keys", key, R"({"role":")" + filler + "\"}"));
    note(service.send(Method::patch, "/admin/keys/k", key, R"({"role":")" + filler + "\"}"));
    note(service.send(Method::post, "/admin/keys/k/rotate", key, R"({"x":")" + filler + "\"}"));
    return answers;
  };
  const std::string on_the_loop = ask_all();
  TurnPool parsers(1);
  service.use(parsers);
  EXPECT_EQ(ask_all(), on_the_loop);
  // One each, and one for the answer that repeats the long id.
  EXPECT_EQ(parsers.taken(), 9U);
  EXPECT_EQ(service.post(key, "t", "{}").status(), 201U);
  EXPECT_EQ(parsers.taken(), 9U) << "a short one does not pay for it";
}

TEST_F(OffLoopAnswers, BodyOneByteOverTheLimitIsParsedOffTheLoop) {
  const auto event_of = [](std::size_t bytes) {
    const std::string head = R"({"event_type":"t","payload":{"x":")";
    const std::string tail = "\"}}";
    return head + std::string(bytes - head.size() - tail.size(), 'x') + tail;
  };
  EXPECT_EQ(turns(Method::post, "/events", event_of(parsed_on_loop_bytes_max), 201), 0U);
  EXPECT_EQ(turns(Method::post, "/events", event_of(parsed_on_loop_bytes_max + 1), 201), 1U);
}

TEST_F(OffLoopAnswers, ResponseToABatchOfManySmallEventsIsBuiltOffTheLoop) {
  const std::string small = R"({"event_type":"t","payload":{}})";
  EXPECT_EQ(turns(Method::post, "/events/batch", list_of(10, small)), 0U);
  EXPECT_EQ(turns(Method::post, "/events/batch", list_of(400, small)), 1U);
  const auto answer = last_.json();
  EXPECT_EQ(answer.at("results").as_array().size(), 400U);
  EXPECT_EQ(answer.at("duplicates").as_int64(), 400);
  const std::string bad = R"({"event_type":"","payload":{}})";
  EXPECT_EQ(turns(Method::post, "/events/batch", list_of(400, bad), 422), 1U);
  EXPECT_EQ(last_.json().at("failed").as_int64(), 400);
}

TEST_F(OffLoopAnswers, ManyIdsAreParsedAndAnsweredOffTheLoop) {
  const std::string id = service_.post(key_, "t", "{}").text("event_id");
  EXPECT_EQ(turns(Method::post, "/inbox/ack", R"({"event_ids":)" + list_of(10, '"' + id + '"') + "}"), 0U);
  EXPECT_EQ(last_.json().at("acknowledged").as_int64(), 1);
  EXPECT_EQ(turns(Method::post, "/inbox/ack", R"({"event_ids":)" + list_of(500, '"' + id + '"') + "}"), 2U);
  EXPECT_EQ(last_.json().at("results").as_array().size(), 500U);
}

TEST_F(OffLoopAnswers, LargePageAndLargeEventAreBuiltOffTheLoop) {
  const std::string filler(2 * made_on_loop_bytes_max, 'x');
  const std::string small = service_.post(key_, "t", "{}").text("event_id");
  EXPECT_EQ(turns(Method::get, "/inbox"), 0U);
  EXPECT_EQ(turns(Method::get, "/events/" + small), 0U);
  const std::string large = service_.post(key_, "t", R"({"x":")" + filler + "\"}").text("event_id");
  EXPECT_EQ(turns(Method::get, "/inbox"), 1U);
  EXPECT_EQ(last_.json().at("events").as_array().size(), 2U);
  EXPECT_EQ(turns(Method::get, "/events/" + large), 1U);
  EXPECT_EQ(last_.json().at("payload").at("x").as_string(), filler);
}

}  // namespace
}  // namespace triggers::api
