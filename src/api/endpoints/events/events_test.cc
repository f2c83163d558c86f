// The endpoints of events and of the inbox together, over the memory store: sending, reading, acknowledging. Parsing
// alone is in src/event/parse_test.cc.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "api/test_service.h"

namespace triggers::api {
namespace {

using http::Method;
namespace json = boost::json;

class EventsTest : public testing::Test {
 protected:
  Seen batch(const std::string& body, TestService::Fields fields = {}) {
    return service_.send(Method::post, "/events/batch", key_, body, fields);
  }
  static std::string numbered(int first, int count) {
    std::string body = "[";
    for (int i = first; i < first + count; ++i) {
      body += fmt::format(R"({}{{"event_type":"t","payload":{{"n":{}}}}})", i == first ? "" : ",", i);
    }
    return body + "]";
  }
  static std::vector<std::string> members(const Seen& seen, std::string_view name) {
    std::vector<std::string> found;
    const auto body = seen.json();
    for (const auto& result : body.at("results").as_array()) {
      const auto* member = result.as_object().if_contains(name);
      found.push_back(member == nullptr ? "" : std::string{member->as_string()});
    }
    return found;
  }
  std::uint64_t unacknowledged() {
    return static_cast<std::uint64_t>(
        service_.send(Method::get, "/inbox", key_).json().at("pagination").at("total_undelivered").as_int64());
  }

  TestService service_;
  std::string key_ = service_.key();
};

using Strings = std::vector<std::string>;

TEST_F(EventsTest, ADuplicateGetsTheFirstAnswerAgain) {
  const auto first = service_.post(key_, "t", R"({"a":1,"b":2})");
  service_.clock.advance(std::chrono::seconds{10});
  const auto again = service_.post(key_, "t", R"({ "b": 2, "a": 1 })");
  EXPECT_EQ(first.status(), 201U);
  EXPECT_EQ(again.status(), 201U);
  for (const auto* member : {"event_id", "timestamp", "status"}) EXPECT_EQ(again.text(member), first.text(member));
  EXPECT_EQ(again.header("Location"), "/events/" + first.text("event_id"));
  EXPECT_EQ(again.text("duplicate"), "true");
  EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
  EXPECT_EQ(first.text("duplicate"), "");
  EXPECT_EQ(first.header("Idempotent-Replayed"), "");
  EXPECT_EQ(unacknowledged(), 1U);
}

TEST_F(EventsTest, AnIdempotencyKeyWithAnotherEventIs422AndStoresNothing) {
  const auto first = service_.post(key_, "t", R"({"n":1})", {{"Idempotency-Key", "k"}});
  const auto other = service_.post(key_, "t", R"({"n":2})", {{"Idempotency-Key", "\"k\""}});
  EXPECT_EQ(other.status(), 422U);
  EXPECT_EQ(other.code(), "CONFLICT");
  EXPECT_EQ(other.detail("first_event_id"), first.text("event_id"));
  EXPECT_EQ(unacknowledged(), 1U);
}

TEST_F(EventsTest, ABatchWithAKeyIsReplayedWhole) {
  // Without the key the window of equal content would have ended.
  const auto first = batch(numbered(0, 3), {{"Idempotency-Key", "k"}});
  service_.clock.advance(std::chrono::hours{1});
  const auto again = batch(numbered(0, 3), {{"Idempotency-Key", "k"}});
  EXPECT_EQ(members(first, "status"), Strings(3, "accepted"));
  EXPECT_EQ(members(again, "status"), Strings(3, "duplicate"));
  EXPECT_EQ(members(again, "event_id"), members(first, "event_id"));
  EXPECT_EQ(members(again, "timestamp"), members(first, "timestamp"));
  EXPECT_EQ(unacknowledged(), 3U);
}

TEST_F(EventsTest, EqualEventsOfOneBatchWithAKeyAreEachStored) {
  const std::string one = R"({"event_type":"t","payload":{}})";
  const auto seen = batch("[" + one + "," + one + "]", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(members(seen, "status"), Strings(2, "accepted"));
  EXPECT_EQ(members(batch("[" + one + "," + one + "]"), "status"), Strings(2, "duplicate"));
}

TEST_F(EventsTest, AnElementsKeyIsItsIndexEvenAfterARefusedElement) {
  const std::string good = R"({"event_type":"t","payload":{"n":1}})";
  const auto first = batch("[{}," + good + "]", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(members(first, "status"), (Strings{"error", "accepted"}));
  const auto mended = batch(R"([{"event_type":"t","payload":{"n":0}},)" + good + "]", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(members(mended, "status"), (Strings{"accepted", "duplicate"}));
}

TEST_F(EventsTest, AnElementThatChangedIsAMismatchAndTheOthersAreReplayed) {
  batch(numbered(0, 2), {{"Idempotency-Key", "k"}});
  const auto seen = batch(R"([{"event_type":"t","payload":{"n":0}},{"event_type":"t","payload":{"n":9}}])",
                          {{"Idempotency-Key", "k"}});
  EXPECT_EQ(seen.status(), 200U);
  EXPECT_EQ(members(seen, "status"), (Strings{"duplicate", "error"}));
  EXPECT_EQ(members(seen, "error_code"), (Strings{"", "CONFLICT"}));
  EXPECT_EQ(unacknowledged(), 2U);
}

TEST_F(EventsTest, ABatchsKeyNeverEqualsASingleEventsKey) {
  batch(numbered(0, 1), {{"Idempotency-Key", "k"}});
  EXPECT_EQ(service_.post(key_, "t", R"({"n":7})", {{"Idempotency-Key", "k"}}).text("duplicate"), "");
  EXPECT_EQ(service_.post(key_, "t", R"({"n":8})", {{"Idempotency-Key", "k0"}}).status(), 201U);
  batch(numbered(20, 1), {{"Idempotency-Key", "k1"}});
  EXPECT_EQ(members(batch(numbered(30, 12), {{"Idempotency-Key", "k"}}), "status")[11], "accepted");
  EXPECT_EQ(unacknowledged(), 1U + 2U + 1U + 11U);
}

TEST_F(EventsTest, TheLongestKeyWorksForABatchToo) {
  const std::string longest(255, 'k');
  EXPECT_EQ(members(batch(numbered(0, 2), {{"Idempotency-Key", longest}}), "status"), Strings(2, "accepted"));
  EXPECT_EQ(members(batch(numbered(0, 2), {{"Idempotency-Key", longest}}), "status"), Strings(2, "duplicate"));
}

TEST_F(EventsTest, EachEventOfABatchHasItsOwnAnswerInOrder) {
  const auto seen = batch(R"([{"event_type":"a","payload":{}},{"event_type":""},7,{"event_type":"b","payload":{}}])");
  EXPECT_EQ(seen.status(), 200U);
  EXPECT_EQ(members(seen, "status"), (Strings{"accepted", "error", "error", "accepted"}));
  EXPECT_EQ(seen.text("accepted"), "2");
  EXPECT_EQ(seen.text("duplicates"), "0");
  EXPECT_EQ(seen.text("failed"), "2");
}

TEST_F(EventsTest, ABatchOfWhichNothingIsStoredIs422WithItsResults) {
  const auto bad = batch(R"([{"event_type":""},7])");
  EXPECT_EQ(bad.status(), 422U);
  EXPECT_EQ(members(bad, "status"), (Strings{"error", "error"}));
  EXPECT_EQ(bad.text("accepted"), "0");
  EXPECT_EQ(bad.text("failed"), "2");
  EXPECT_EQ(bad.text("error_code"), "");
  EXPECT_EQ(batch(R"([{"event_type":"t","payload":{"n":1}},7])").status(), 200U);
  // A duplicate is stored: the producer has nothing to mend.
  EXPECT_EQ(batch(R"([{"event_type":"t","payload":{"n":1}},7])").status(), 200U);
  batch(R"([{"event_type":"t","payload":{"n":2}}])", {{"Idempotency-Key", "k"}});
  const auto mismatch = batch(R"([{"event_type":"t","payload":{"n":3}}])", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(mismatch.status(), 422U);
  EXPECT_EQ(members(mismatch, "error_code"), Strings{"CONFLICT"});
  EXPECT_EQ(batch("\n{}\n{\n", {{"Content-Type", "application/x-ndjson"}}).status(), 422U);
  EXPECT_EQ(unacknowledged(), 2U);
}

TEST_F(EventsTest, LinesAreABatchToo) {
  const std::string lines = "{\"event_type\":\"a\",\"payload\":{}}\r\n\n{\"event_type\":\"b\",\"payload\":{}}";
  const auto seen = batch(lines, {{"Content-Type", "application/x-ndjson"}});
  EXPECT_EQ(members(seen, "status"), Strings(2, "accepted"));
  EXPECT_EQ(batch("\n\n", {{"Content-Type", "application/x-ndjson"}}).status(), 400U);
}

TEST_F(EventsTest, ABatchHolds500AndNotOneMore) {
  EXPECT_EQ(members(batch(numbered(0, 500)), "status"), Strings(500, "accepted"));
  const auto seen = batch(numbered(0, 501));
  EXPECT_EQ(seen.status(), 413U);
  EXPECT_EQ(seen.detail("limit_events"), "500");
  EXPECT_EQ(seen.detail("events"), "501");
  EXPECT_EQ(batch("[]").status(), 400U);
  EXPECT_EQ(batch("{}").status(), 400U);
  EXPECT_EQ(batch("").status(), 400U);
}

TEST_F(EventsTest, APayloadMayHaveItsLimitAndNotOneByteMore) {
  const auto of_size = [](std::size_t bytes) { return R"({"x":")" + std::string(bytes - 8, 'x') + R"("})"; };
  EXPECT_EQ(service_.post(key_, "t", of_size(262'144)).status(), 201U);
  const auto seen = service_.post(key_, "t", of_size(262'145));
  EXPECT_EQ(seen.status(), 413U);
  EXPECT_EQ(seen.detail("limit_bytes"), "262144");
  EXPECT_EQ(seen.detail("size_bytes"), "262145");
}

TEST_F(EventsTest, NumbersAndStringsComeBackByteForByte) {
  const std::string payload = R"({"a":1.0,"b":9223372036854775808,"c":1e400,"d":"\u00e9\/","e":-0,"f":[ 1,2 ]})";
  const auto sent = service_.post(key_, "t", payload);
  const auto seen = service_.send(Method::get, "/events/" + sent.text("event_id"), key_);
  EXPECT_NE(seen.response.body.find("\"payload\":" + payload + ","), std::string::npos) << seen.response.body;
  EXPECT_NE(service_.send(Method::get, "/inbox", key_).response.body.find(payload), std::string::npos);
}

TEST_F(EventsTest, AcknowledgingReportsTheResultOfEachId) {
  const auto id = service_.post(key_, "t", "{}").text("event_id");
  const std::string body =
      fmt::format(R"({{"event_ids":["{}","{}","0190a5c0-1234-7abc-8def-0123456789ab","junk"]}})", id, id);
  const auto seen = service_.send(Method::post, "/inbox/ack", key_, body);
  EXPECT_EQ(members(seen, "status"), (Strings{"acknowledged", "already_acknowledged", "not_found", "not_found"}));
  EXPECT_EQ(seen.text("acknowledged"), "1");
  EXPECT_EQ(service_.send(Method::del, "/events/" + id, key_).status(), 204U);
  EXPECT_EQ(service_.send(Method::get, "/events/" + id, key_).text("delivered"), "true");
  EXPECT_EQ(unacknowledged(), 0U);
}

TEST_F(EventsTest, PagesHoldEveryEventOnce) {
  batch(numbered(0, 25));
  std::set<std::string> ids;
  std::string target = "/inbox?limit=10";
  for (const std::size_t expected : {10U, 10U, 5U}) {
    const auto page = service_.send(Method::get, target, key_).json();
    EXPECT_EQ(page.at("events").as_array().size(), expected);
    for (const auto& event : page.at("events").as_array()) ids.emplace(event.at("event_id").as_string());
    const bool more = page.at("pagination").at("has_more").as_bool();
    EXPECT_EQ(more, expected == 10U && ids.size() < 25U);
    EXPECT_FALSE(page.at("pagination").at("next_cursor").is_null());
    if (more) target = "/inbox?limit=10&cursor=" + std::string{page.at("pagination").at("next_cursor").as_string()};
  }
  EXPECT_EQ(ids.size(), 25U);
}

TEST_F(EventsTest, AReaderContinuesFromTheLastPage) {
  const auto read = [&](const std::string& cursor) {
    const std::string query = cursor.empty() ? "" : "?cursor=" + cursor;
    return service_.send(Method::get, "/inbox" + query, key_).json();
  };
  const auto cursor_of = [](const json::value& page) {
    return std::string{page.at("pagination").at("next_cursor").as_string()};
  };
  EXPECT_TRUE(read("").at("pagination").at("next_cursor").is_null());
  batch(numbered(0, 3));
  std::string cursor = cursor_of(read(""));
  for (int i = 0; i < 3; ++i) {
    const auto nothing = read(cursor);
    EXPECT_TRUE(nothing.at("events").as_array().empty());
    EXPECT_FALSE(nothing.at("pagination").at("has_more").as_bool());
    batch(numbered(10 + i, 1));
    const auto later = read(cursor_of(nothing));
    EXPECT_EQ(later.at("events").as_array().size(), 1U);
    cursor = cursor_of(later);
  }
}

TEST_F(EventsTest, NewestFirstOnRequest) {
  const auto sent = members(batch(numbered(0, 5)), "event_id");
  const auto page = service_.send(Method::get, "/inbox?order=desc&limit=2", key_).json();
  EXPECT_EQ(page.at("events").at(0).at("event_id").as_string(), sent[4]);
  EXPECT_EQ(page.at("events").at(1).at("event_id").as_string(), sent[3]);
  const std::string cursor{page.at("pagination").at("next_cursor").as_string()};
  batch(numbered(10, 3));
  const auto rest = service_.send(Method::get, "/inbox?order=desc&cursor=" + cursor, key_).json();
  EXPECT_EQ(rest.at("events").as_array().size(), 3U);
  EXPECT_EQ(rest.at("events").at(2).at("event_id").as_string(), sent[0]);
  for (const std::string& target : {"/inbox?cursor=" + cursor, "/inbox?order=asc&cursor=" + cursor}) {
    EXPECT_EQ(service_.send(Method::get, target, key_).detail("field"), "cursor") << target;
  }
  const auto oldest = service_.send(Method::get, "/inbox?order=asc&limit=1", key_).json();
  const std::string forwards{oldest.at("pagination").at("next_cursor").as_string()};
  EXPECT_EQ(service_.send(Method::get, "/inbox?order=desc&cursor=" + forwards, key_).status(), 400U);
  EXPECT_EQ(service_.send(Method::get, "/inbox?cursor=" + forwards, key_).status(), 200U);
  for (const auto* order : {"", "DESC", "newest"}) {
    EXPECT_EQ(service_.send(Method::get, std::string{"/inbox?order="} + order, key_).detail("field"), "order");
  }
}

TEST_F(EventsTest, AnEventCarriesItsIdUnderBothNames) {
  const auto id = service_.post(key_, "t", "{}").text("event_id");
  EXPECT_EQ(service_.send(Method::get, "/events/" + id, key_).text("id"), id);
  EXPECT_EQ(service_.send(Method::get, "/inbox", key_).json().at("events").at(0).at("id").as_string(), id);
}

TEST_F(EventsTest, ACursorOfAnotherTenantOrAnotherTypeIsRefused) {
  batch(numbered(0, 3));
  const auto page = service_.send(Method::get, "/inbox?limit=1", key_).json();
  const std::string cursor{page.at("pagination").at("next_cursor").as_string()};
  const auto stranger = service_.key(auth::Role::creator, {}, "other");
  EXPECT_EQ(service_.send(Method::get, "/inbox?cursor=" + cursor, key_).status(), 200U);
  const std::string broken = cursor.substr(0, 5) + (cursor[5] == 'A' ? 'B' : 'A') + cursor.substr(6);
  for (const auto& target :
       {"/inbox?event_type=t&cursor=" + cursor, std::string{"/inbox?cursor="}, "/inbox?cursor=" + broken}) {
    const auto seen = service_.send(Method::get, target, key_);
    EXPECT_EQ(seen.status(), 400U) << target;
    EXPECT_EQ(seen.detail("field"), "cursor");
  }
  EXPECT_EQ(service_.send(Method::get, "/inbox?cursor=" + cursor, stranger).status(), 400U);
}

}  // namespace
}  // namespace triggers::api
