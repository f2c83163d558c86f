#include "store/rocks/format/inbox_meta.h"

#include <gtest/gtest.h>

#include <string>

namespace triggers::store {
namespace {

event::EventId id_of(unsigned char byte) {
  event::EventId id;
  id.bytes.fill(byte);
  return id;
}

const InboxMeta full{.count = 1,
                     .head = id_of(2),
                     .fresh_after = id_of(3),
                     .last_consumed_at = UnixMillis{std::chrono::milliseconds{4}},
                     .dead = 5};

TEST(InboxMetaTest, ComesBack) {
  EXPECT_EQ(decode_inbox_meta(encode_inbox_meta(full)), full);
  EXPECT_EQ(decode_inbox_meta(encode_inbox_meta({})), InboxMeta{});
}

/// A change of these bytes is a change of the storage format.
TEST(InboxMetaTest, HasTheBytesOfTheFormat) {
  const auto number = [](char value) { return std::string(7, '\0') + value; };
  EXPECT_EQ(encode_inbox_meta(full), number(1) + std::string(16, '\2') + std::string(16, '\3') + number(4) + number(5));
}

TEST(InboxMetaTest, OfAnEarlierVersionHasNoLeases) {
  const auto earlier = encode_inbox_meta(full).substr(0, 24);
  EXPECT_EQ(decode_inbox_meta(earlier), (InboxMeta{.count = 1, .head = id_of(2)}));
}

TEST(InboxMetaTest, OfAnyOtherSizeIsRefused) {
  const auto whole = encode_inbox_meta(full) + "x";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    EXPECT_EQ(decode_inbox_meta(whole.substr(0, size)).has_value(), size == 24 || size == 56) << size;
  }
}

}  // namespace
}  // namespace triggers::store
