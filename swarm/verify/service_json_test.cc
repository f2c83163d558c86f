#include "swarm/verify/service_json.h"

#include <gtest/gtest.h>

#include <string>

namespace triggers::swarm {
namespace {

TEST(StoredEvent, HasTheDigestOfWhatWasSent) {
  const auto stored = read_stored_event(
      R"({"event_id":"01a20bbb-7022-7d01-8d91-44c476987c33","timestamp":"x","event_type":"gr\u00fcn","payload":{"a": 1.0},)"
      R"("source":null,"metadata":null,"delivered":true,"delivered_at":"y"})");
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->digest, digest_of({.event_type = "grün", .payload = R"({"a": 1.0})"}));
  EXPECT_EQ(stored->acknowledged, true);
  EXPECT_FALSE(read_stored_event(R"({"event_id":"nonsense","event_type":"a","payload":{}})").has_value());
  EXPECT_FALSE(read_stored_event("[]").has_value());
}

TEST(StoredEvent, IsNothingUnlessItIsOneWholeEvent) {
  const std::string id = R"("event_id":"01a20bbb-7022-7d01-8d91-44c476987c33")";
  EXPECT_TRUE(read_stored_event("{" + id + R"(,"event_type":"a","payload":{}})"));
  for (const std::string& json :
       {"{" + id + R"(,"event_type":"a"})", "{" + id + R"(,"payload":{}})",
        "{" + id + R"(,"event_type":"a","payload":1})", "{" + id + R"(,"event_type":"a","payload":{})",
        "{" + id + R"(,"event_type":"a","payload":{}} {})", "{" + id + R"(,"event_type":"\ud800","payload":{}})",
        std::string{}, std::string{"null"}}) {
    EXPECT_FALSE(read_stored_event(json)) << json;
  }
}

TEST(InboxPage, HasItsEventsAndTheCursorOfTheNextPage) {
  const std::string event =
      R"({"event_id":"01a20bbb-7022-7d01-8d91-44c476987c33","event_type":"a","payload":{"b":[1, 2]}})";
  const auto more = read_inbox_page(R"({"events":[)" + event + "," + event +
                                    R"(],"pagination":{"has_more":true,"next_cursor":"c-1","total_undelivered":2}})");
  ASSERT_TRUE(more);
  ASSERT_EQ(more->events.size(), 2U);
  EXPECT_EQ(more->events[1].digest, digest_of({.event_type = "a", .payload = R"({"b":[1, 2]})"}));
  EXPECT_FALSE(more->events[1].acknowledged);
  EXPECT_EQ(more->next_cursor, "c-1");
  const auto last = read_inbox_page(R"({"pagination":{"has_more":false,"next_cursor":null},"events":[]})");
  ASSERT_TRUE(last);
  EXPECT_EQ(last->next_cursor, "");
}

TEST(InboxPage, IsNothingIfAPartIsMissingOrOfAnotherType) {
  for (const std::string_view json :
       {"", "[]", "{}", R"({"events":[]})", R"({"pagination":{"has_more":false}})",
        R"({"events":[{}],"pagination":{"has_more":false}})", R"({"events":{},"pagination":{"has_more":false}})",
        R"({"events":[],"pagination":{"has_more":true}})",
        R"({"events":[],"pagination":{"has_more":true,"next_cursor":""}})",
        R"({"events":[],"pagination":{"has_more":false}} x)"}) {
    EXPECT_FALSE(read_inbox_page(json)) << json;
  }
}

}  // namespace
}  // namespace triggers::swarm
