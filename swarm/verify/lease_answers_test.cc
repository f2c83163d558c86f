#include "swarm/verify/lease_answers.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

constexpr std::string_view first_id = "01a20bbb-7022-7d01-8d91-44c476987c33";
constexpr std::string_view second_id = "01a20bbb-7022-7d01-8d91-44c476987c34";

TEST(LeaseAnswer, HasItsEventsWithTheirAttempts) {
  // A payload may have members of the same names.
  const auto lease = read_lease(
      R"({"lease_id":"01a20bcd-c5b1-7a1c-9ffc-2feafd7dd7e6","leased_until":"x","events":[)"
      R"({"id":"a","event_id":"01a20bbb-7022-7d01-8d91-44c476987c33","payload":{"event_id":"y","attempt":9},"attempt":1},)"
      R"({"attempt":4294967295,"event_id":"01a20bbb-7022-7d01-8d91-44c476987c34","payload":{}}]})");
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->lease_id, "01a20bcd-c5b1-7a1c-9ffc-2feafd7dd7e6");
  ASSERT_EQ(lease->events.size(), 2U);
  EXPECT_EQ(lease->events[0].id.text(), first_id);
  EXPECT_EQ(lease->events[0].attempt, 1U);
  EXPECT_EQ(lease->events[1].attempt, 4'294'967'295U);
}

TEST(LeaseAnswer, NothingAvailableIsNoLease) {
  const auto empty = read_lease(R"({"lease_id":null,"leased_until":null,"events":[]})");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->lease_id, "");
  EXPECT_TRUE(empty->events.empty());
}

TEST(LeaseAnswer, IsNothingUnlessItIsWhole) {
  const std::string event = R"({"event_id":"01a20bbb-7022-7d01-8d91-44c476987c33","attempt":1})";
  EXPECT_TRUE(read_lease(R"({"lease_id":"a","events":[)" + event + "]}"));
  for (const std::string& json :
       {std::string{}, std::string{"{}"}, R"({"events":[)" + event + "]}",
        R"({"lease_id":null,"events":[)" + event + "]}", std::string{R"({"lease_id":"a","events":[]})"},
        R"({"lease_id":"a b","events":[)" + event + "]}",
        R"({"lease_id":")" + std::string(65, 'a') + R"(","events":[)" + event + "]}",
        R"({"lease_id":"a\n","events":[)" + event + "]}",
        std::string{R"({"lease_id":"a","events":[{"event_id":"01a20bbb-7022-7d01-8d91-44c476987c33","attempt":0}]})"},
        std::string{R"({"lease_id":"a","events":[{"event_id":"01a20bbb-7022-7d01-8d91-44c476987c33"}]})"},
        std::string{R"({"lease_id":"a","events":[{"attempt":1}]})"},
        R"({"lease_id":"a","events":[)" + event + "]} x"}) {
    EXPECT_FALSE(read_lease(json)) << json;
  }
}

TEST(EventResults, HaveOneLetterForEachStatus) {
  const auto of = [](std::string_view status) {
    return read_results(R"({"results":[{"event_id":"01a20bbb-7022-7d01-8d91-44c476987c34","status":")" +
                        std::string{status} + R"("}],"leased_until":null})");
  };
  using enum EntryResult;
  for (const auto& [status, result] : {std::pair{"acknowledged", acknowledged},
                                       {"already_acknowledged", already_acknowledged},
                                       {"released", released},
                                       {"lease_lost", lease_lost},
                                       {"not_found", not_found}}) {
    const auto results = of(status);
    ASSERT_TRUE(results) << status;
    ASSERT_EQ(results->size(), 1U);
    EXPECT_EQ(results->front().id.text(), second_id);
    EXPECT_EQ(results->front().result, result);
    EXPECT_EQ(entry_result(static_cast<char>(result)), result);
  }
  EXPECT_FALSE(of("done"));
  EXPECT_FALSE(read_results("{}"));
  EXPECT_TRUE(read_results(R"({"results":[]})"));
  EXPECT_FALSE(entry_result('z'));
}

}  // namespace
}  // namespace triggers::swarm
