#include "store/dynamo/events/fleet_ids.h"

#include <gtest/gtest.h>

#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

using std::chrono::milliseconds;

constexpr UnixMillis start{milliseconds{1'700'000'000'000}};

TEST(FleetIds, EndWithTheirShardAndIncreaseWhateverTheClockDoes) {
  FleetIds ids;
  event::EventId last;
  for (int i = 0; i < 20'000; ++i) {
    const auto shard = static_cast<unsigned>(i * 37 % 256);
    const milliseconds clock{i % 100 < 50 ? i / 10 : -i};
    const auto id = ids.next(start + clock, shard);
    ASSERT_EQ(layout::shard_of(id), shard);
    ASSERT_LT(last, id);
    last = id;
  }
}

TEST(FleetIds, OfAnOlderTimeAreBelowTheLeastOfATime) {
  FleetIds ids;
  const auto older = ids.next(start, 255);
  const auto newer = ids.next(start + milliseconds{1}, 0);
  const auto bound = first_id_at(start + milliseconds{1});
  EXPECT_LT(older, bound);
  EXPECT_LE(bound, newer);
  EXPECT_EQ(bound.time(), start + milliseconds{1});
  EXPECT_EQ(first_id_at(UnixMillis{milliseconds{-5}}), event::EventId{});
}

}  // namespace
}  // namespace triggers::store::dynamo
