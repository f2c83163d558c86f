#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;

class RateBudgetTest : public FleetTest {
 protected:
  /// One request at a node, as api::admit makes it.
  bool request(Node& at, limit::SharedBucket& bucket) {
    if (const auto here = bucket.take(clock.steady())) return here->allowed;
    const auto wanted = bucket.wanted(clock.steady(), per_minute);
    const auto grant = sync_wait(at.store->take_slice("key_1", per_minute, wanted)).value();
    return bucket.granted(clock.steady(), grant).allowed;
  }

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
  // A full bucket, and what came into it in 29 s.
  const double limit = per_minute + per_minute * 29 / 60.0;
  EXPECT_LE(served, limit * 1.1);
  EXPECT_GE(served, limit * 0.9);
  double writes = 0;
  for (const Node& node : nodes) writes += node.caller->write_units;
  EXPECT_LT(writes, served / 2.0);
}

}  // namespace
}  // namespace triggers::store
