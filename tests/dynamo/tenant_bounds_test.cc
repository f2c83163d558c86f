// The limits of tenants in a fleet: what a node learns of other nodes, and when. What they mean is tested by
// tests/contract/tenant_limits_test.cc.

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using enum Appended::Outcome;

class TenantBoundsTest : public FleetTest {
 protected:
  TenantBoundsTest() { config.inboxes = true; }
  Node limited(TenantLimits limits) {
    DynamoStoreConfig with = config;
    with.tenant_limits = limits;
    return node(with);
  }
  /// How many of so many different events are accepted.
  std::size_t accept(Node& at, std::size_t count) {
    std::size_t accepted_now = 0;
    for (std::size_t i = 0; i < count; ++i) accepted_now += append(at, numbered(next_++)).outcome == accepted ? 1 : 0;
    return accepted_now;
  }
  static void write(Node& at) { sync_wait(at.store->flush_counts(true)); }

 private:
  std::size_t next_ = 0;
};

TEST_F(TenantBoundsTest, OtherNodesCountOnceTheyHaveWrittenAndThisOneLooksAgain) {
  const TenantLimits ten{.undelivered_max = 10};
  Node a = limited(ten), b = limited(ten);
  EXPECT_EQ(accept(a, 6), 6U);
  write(a);
  EXPECT_EQ(accept(b, 3), 3U) << "and it has read what a node wrote";
  EXPECT_EQ(accept(a, 9), 4U) << "its own count at once, those of b not yet: the limit is passed by what b accepted";
  write(a);
  write(b);
  clock.advance(1s);
  EXPECT_EQ(accept(a, 1), 0U);
  EXPECT_EQ(accept(b, 1), 0U);
}

TEST_F(TenantBoundsTest, RoomThatAnotherNodeMakesIsFoundWithinASecond) {
  const TenantLimits two{.undelivered_max = 2};
  Node a = limited(two), b = limited(two);
  const Appended first = append(a, numbered(100));
  EXPECT_EQ(append(a, numbered(101)).outcome, accepted);
  write(a);
  EXPECT_EQ(append(b, numbered(102)).outcome, no_room);
  EXPECT_EQ(acknowledge(a, first.id), AckStatus::acknowledged);
  write(a);
  clock.advance(1s);
  const Appended later = append(b, numbered(102));
  EXPECT_EQ(later.outcome, accepted) << "the claim of the event that was refused is not in its way";
  const Appended again = append(b, numbered(102));
  EXPECT_EQ(again.outcome, duplicate);
  EXPECT_EQ(again.id, later.id);
}

TEST_F(TenantBoundsTest, RepetitionsOfARefusedEventLeaveNoFence) {
  Node a = limited({.undelivered_max = 1});
  const Appended first = append(a, numbered(100));
  Draft plain = numbered(101), keyed = numbered(102), with_other_key = numbered(102);
  keyed.idempotency_key = "key";
  with_other_key.idempotency_key = "other";
  int fences = 0;
  a.caller->before = [&](dynamo::ApiCall api_call, const boost::json::object& body) {
    fences += puts_event(api_call, body) ? 1 : 0;
  };
  for (const Draft& draft : {plain, plain, keyed, keyed, with_other_key}) {
    EXPECT_EQ(append(a, draft).outcome, no_room);
    clock.advance(1min);  // Its writer's time is over.
  }
  EXPECT_EQ(fences, 0);
  a.caller->before = {};
  acknowledge(a, first.id);
  const Appended later = append(a, keyed);
  EXPECT_EQ(later.outcome, accepted);
  acknowledge(a, later.id);
  Draft without_key = numbered(102);
  EXPECT_EQ(append(a, without_key).outcome, duplicate);
  EXPECT_EQ(append(a, plain).outcome, accepted);
}

TEST_F(TenantBoundsTest, BytesOfAllNodesCount) {
  const Draft one = numbered(1);
  const std::uint64_t bytes = stored_bytes(one.event_type, {}, one.payload, {});
  const TenantLimits three{.bytes_max = 3 * bytes};
  Node a = limited(three), b = limited(three);
  EXPECT_EQ(accept(a, 2), 2U);
  write(a);
  EXPECT_EQ(accept(b, 2), 1U);
  Node restarted = limited(three);
  write(b);
  EXPECT_EQ(accept(restarted, 1), 0U);
}

TEST_F(TenantBoundsTest, CountsAreReadOnlyForALimitAndEverySecondOnlyNearIt) {
  const auto reads_of_counts = [this](TenantLimits limits, const char* name) {
    tenant = Tenant{name};
    unsigned reads = 0;
    Node at = limited(limits);
    at.caller->before = [&](dynamo::ApiCall api_call, const boost::json::object& body) {
      if (api_call == dynamo::ApiCall::get_item &&
          dynamo::text_of(body.at("Key").as_object(), "k")->starts_with("c#")) {
        ++reads;
      }
    };
    accept(at, 10);
    clock.advance(1s);
    accept(at, 10);
    return reads;
  };
  EXPECT_EQ(reads_of_counts({}, "unlimited"), 0U);
  EXPECT_EQ(reads_of_counts({.undelivered_max = 1'000}, "far"), 1U);
  EXPECT_EQ(reads_of_counts({.undelivered_max = 20}, "near"), 2U) << "it has used half of it after ten";
}

}  // namespace
}  // namespace triggers::store
