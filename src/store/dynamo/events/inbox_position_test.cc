#include "store/dynamo/events/inbox_position.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "store/dynamo/events/fleet_ids.h"

namespace triggers::store::dynamo {
namespace {

using std::chrono::milliseconds;

constexpr UnixMillis start{milliseconds{1'700'000'000'000}};

InboxPosition position_with(std::size_t returned) {
  FleetIds ids;
  InboxPosition position;
  position.settled = ids.next(start, 3);
  for (std::size_t i = 0; i < returned; ++i) {
    // Many of one millisecond, and some far apart.
    const auto since = static_cast<std::int64_t>(i / 7 * 7 * (i % 50 == 0 ? 300 : 1));
    position.returned.insert(ids.next(start + milliseconds{since}, static_cast<unsigned>(i % 256)));
  }
  position.scanned_to = ids.next(start + milliseconds{9'999'999}, 0);
  return position;
}

TEST(InboxPositionTest, GoesIntoAContinuationAndBack) {
  for (const std::size_t count : {0U, 1U, 2U, 500U}) {
    const InboxPosition position = position_with(count);
    const auto back = from_continuation(to_continuation(position));
    ASSERT_TRUE(back) << count;
    EXPECT_EQ(back->settled, position.settled);
    EXPECT_EQ(back->scanned_to, position.scanned_to);
    EXPECT_EQ(back->returned, position.returned);
  }
}

TEST(InboxPositionTest, OfFiveHundredIdsTakesSomeElevenBytesEach) {
  EXPECT_LE(to_continuation(position_with(500)).bytes.size(), 6'516U);
}

TEST(InboxPositionTest, OfARelease010IsReadAsItWasWritten) {
  // In the cursors of clients; api/endpoints/inbox/cursor_test.cc has the whole cursor.
  const auto bytes = from_base64url("AZClwBI0eryN7wEjRWeJqwGQpcAfAHq8je8BI0VniasBcACAAAAAAAAAAYsYcACAAAAAAAAA_g");
  ASSERT_TRUE(bytes);
  const auto position = from_continuation({*bytes});
  ASSERT_TRUE(position);
  EXPECT_EQ(position->settled, EventId::parse("0190a5c0-1234-7abc-8def-0123456789ab"));
  EXPECT_EQ(position->scanned_to, EventId::parse("0190a5c0-1f00-7abc-8def-0123456789ab"));
  EXPECT_EQ(position->returned, (std::set{*EventId::parse("0190a5c0-1235-7000-8000-000000000001"),
                                          *EventId::parse("0190a5c0-1e40-7000-8000-0000000000fe")}));
  EXPECT_EQ(to_continuation(*position).bytes, *bytes);
}

TEST(InboxPositionTest, ContinuationThatIsCutOffIsNotOurs) {
  const Continuation whole = to_continuation(position_with(3));
  for (std::size_t size = 0; size < whole.bytes.size(); ++size) {
    const auto back = from_continuation({whole.bytes.substr(0, size)});
    // Where an id ends, it is a position with fewer.
    if (back) {
      EXPECT_LT(back->returned.size(), 3U) << size;
    }
    if (size < 32 && size != 16) {
      EXPECT_FALSE(back) << size;
    }
  }
  EXPECT_FALSE(from_continuation({whole.bytes.substr(0, 32) + std::string(12, '\xff')}));
}

}  // namespace
}  // namespace triggers::store::dynamo
