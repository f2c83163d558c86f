#include "store/dynamo/events/shown.h"

#include <gtest/gtest.h>

#include "store/dynamo/events/fleet_ids.h"

namespace triggers::store::dynamo {
namespace {

using std::chrono::milliseconds;

constexpr UnixMillis start{milliseconds{1'700'000'000'000}};

Place place_with(std::size_t shown) {
  FleetIds ids;
  Place place;
  place.settled = ids.next(start, 3);
  for (std::size_t i = 0; i < shown; ++i) {
    // Many of one millisecond, and some far apart.
    const auto since = static_cast<std::int64_t>(i / 7 * 7 * (i % 50 == 0 ? 300 : 1));
    place.shown.insert(ids.next(start + milliseconds{since}, static_cast<unsigned>(i % 256)));
  }
  place.looked_at = ids.next(start + milliseconds{9'999'999}, 0);
  return place;
}

TEST(Shown, GoesIntoAMarkAndBack) {
  for (const std::size_t count : {0U, 1U, 2U, 500U}) {
    const Place place = place_with(count);
    const auto back = from_mark(to_mark(place));
    ASSERT_TRUE(back) << count;
    EXPECT_EQ(back->settled, place.settled);
    EXPECT_EQ(back->looked_at, place.looked_at);
    EXPECT_EQ(back->shown, place.shown);
  }
}

TEST(Shown, OfFiveHundredTakesSomeElevenBytesEach) { EXPECT_LE(to_mark(place_with(500)).shown.size(), 6'500U); }

TEST(Shown, MarkThatIsCutOffIsNotOurs) {
  const PageMark whole = to_mark(place_with(3));
  for (std::size_t size = 1; size < whole.shown.size(); ++size) {
    PageMark cut = whole;
    cut.shown.resize(size);
    const auto back = from_mark(cut);
    // Where an id ends, it is a mark with fewer.
    if (back) {
      EXPECT_LT(back->shown.size(), 3U) << size;
    }
    if (size < 16) {
      EXPECT_FALSE(back) << size;
    }
  }
  PageMark endless = whole;
  endless.shown.resize(16);
  endless.shown += std::string(12, '\xff');
  EXPECT_FALSE(from_mark(endless));
}

}  // namespace
}  // namespace triggers::store::dynamo
