// One rate limit shared by several nodes. A node's own part is in src/limit/shared_bucket_test.cc.

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;

class RateBudgetTest : public FleetTest {
 protected:
  /// One request at a node, as api::admit makes it.
  bool request(Node& at, limit::SharedBucket& bucket) {
    if (const auto here = bucket.take(clock.steady(), per_minute)) return here->allowed;
    const auto wanted = bucket.wanted(clock.steady(), per_minute);
    const auto grant = sync_wait(at.store->take_slice("key_1", per_minute, [&] { return wanted; })).value();
    return bucket.granted(clock.steady(), grant)->allowed;
  }

  /// So many requests at a node until it refuses one.
  std::uint32_t serve(Node& at, limit::SharedBucket& bucket) {
    std::uint32_t served = 0;
    while (request(at, bucket)) ++served;
    return served;
  }
  void advance(std::chrono::milliseconds by) {
    clock.advance(by);
    ahead.advance(by);
  }
  /// A node by another wall clock.
  Node node_ahead(std::chrono::milliseconds by) {
    ahead.jump(by);
    auto with = config;
    with.clock = &ahead;
    return node(with);
  }

  ManualClock ahead{clock.now()};
  const std::uint32_t per_minute = 600;
};

TEST_F(RateBudgetTest, ThreeNodesTogetherServeTheLimitAndAskSeldom) {
  std::vector<Node> nodes;
  for (int i = 0; i < 3; ++i) nodes.push_back(node());
  std::vector<limit::SharedBucket> buckets(nodes.size());
  std::uint32_t served = 0;
  for (int second = 0; second < 30; ++second) {
    for (int i = 0; i < 60; ++i) {
      for (std::size_t n = 0; n < nodes.size(); ++n) served += request(nodes[n], buckets[n]) ? 1 : 0;
    }
    clock.advance(1s);
  }
  // A full bucket, and what flowed in during 29 s.
  const double limit = per_minute + per_minute * 29 / 60.0;
  EXPECT_LE(served, limit * 1.1);
  EXPECT_GE(served, limit * 0.9);
  double writes = 0;
  for (const Node& node : nodes) writes += node.caller->write_units;
  EXPECT_LT(writes, served / 2.0);
}

TEST_F(RateBudgetTest, TenNodesThatKeptSlicesExceedTheLimitByLessThanATenth) {
  std::vector<Node> nodes;
  for (int i = 0; i < 10; ++i) nodes.push_back(node());
  std::vector<limit::SharedBucket> buckets(nodes.size());
  // Each is quick until its slices are the largest, and then falls silent with nearly all of one in hand.
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (int i = 0; i < 32; ++i) request(nodes[n], buckets[n]);
  }
  // The bucket fills up. Then all requests arrive at once.
  clock.advance(59s);
  std::uint32_t served = 0;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    while (request(nodes[n], buckets[n])) ++served;
  }
  EXPECT_LE(served, per_minute * 1.1);
  EXPECT_GE(served, per_minute * 0.9);
}

TEST_F(RateBudgetTest, TakingASliceThatAlwaysConflictsEndsAtItsDeadline) {
  Node one = node();
  int puts = 0;
  one.caller->answer_instead = [&](dynamo::ApiCall api_call, const auto&) -> std::optional<dynamo::CallResult> {
    if (api_call != dynamo::ApiCall::put_item) return {};
    ++puts;
    clock.advance(2s);
    return dynamo::CallError{dynamo::CallError::Kind::condition_failed, "taken by the test", {}};
  };
  const auto grant = sync_wait(one.store->take_slice("key_1", per_minute, [] { return 1U; }));
  ASSERT_FALSE(grant.ok());
  EXPECT_EQ(grant.error().code, ErrorCode::overloaded);
  EXPECT_EQ(puts, 3);
}

TEST_F(RateBudgetTest, KeptSlicesAndClocksThatDifferTogetherExceedTheLimitByLessThanATenth) {
  for (const auto kept : {3'400ms, 4'900ms}) {
    Node one = node(), two = node_ahead(2s);
    std::vector<limit::SharedBucket> buckets(2);
    // One took a large slice some time ago, and the bucket has filled up since then.
    const auto grant = sync_wait(one.store->take_slice("key_1", per_minute, [&] { return per_minute / 10; })).value();
    std::uint32_t served = buckets[0].granted(clock.steady(), grant)->allowed ? 1 : 0;
    advance(kept);
    // Now both come, the one whose clock is behind first.
    served += serve(one, buckets[0]);
    served += serve(two, buckets[1]);
    EXPECT_GE(served, per_minute);
    EXPECT_LE(served, per_minute * 1.1);
    advance(70s);
    ahead.jump(-2s);
  }
}

TEST_F(RateBudgetTest, NodeWhoseClockIsFarAheadLocksNobodyOutAndAddsTheLimitOnce) {
  Node right = node(), wrong = node_ahead(300s);
  std::vector<limit::SharedBucket> buckets(2);
  EXPECT_TRUE(request(wrong, buckets[0]));
  std::vector<std::uint32_t> served(2);
  for (int second = 0; second < 60; ++second) {
    served[0] += serve(wrong, buckets[0]);
    served[1] += serve(right, buckets[1]);
    advance(1s);
  }
  for (const auto count : served) {
    EXPECT_GE(count, per_minute * 1.8);
    EXPECT_LE(count, per_minute * 2.0);
  }
  EXPECT_EQ(right.caller->write_units, 0);
  EXPECT_LE(right.caller->read_units, 20);
}

}  // namespace
}  // namespace triggers::store
