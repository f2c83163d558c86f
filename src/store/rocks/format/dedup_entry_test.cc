#include "store/rocks/format/dedup_entry.h"

#include <gtest/gtest.h>

#include <vector>

namespace triggers::store {
namespace {

using event::EventId;

EventId id_of(unsigned char number) {
  EventId id;
  id.bytes.fill(number);
  return id;
}

/// The ids up to `number` are past the window.
auto younger_than(unsigned char number) {
  return [number](const EventId& id) { return id.bytes[0] > number; };
}

TEST(DedupEntry, ComesBackAsItWas) {
  const std::vector<DedupEntry> entries = {
      {id_of(1), id_of(1), {}}, {id_of(1), id_of(2), {}}, {id_of(1), id_of(2), id_of(3)}, {{}, {}, id_of(3)}};
  for (const auto& entry : entries) {
    const auto again = decode_dedup(entry.encode(), younger_than(0));
    EXPECT_EQ(again.first, entry.first);
    EXPECT_EQ(again.newest, entry.newest);
    EXPECT_EQ(again.collided, entry.collided);
  }
}

TEST(DedupEntry, IdsPastTheWindowAreSkipped) {
  const auto bytes = DedupEntry{id_of(1), id_of(5), id_of(3)}.encode();
  const auto later = decode_dedup(bytes, younger_than(2));
  EXPECT_EQ(later.first, id_of(5));
  EXPECT_EQ(later.newest, id_of(5));
  EXPECT_EQ(later.collided, id_of(3));
  const auto last = decode_dedup(bytes, younger_than(5));
  EXPECT_FALSE(last.first || last.newest || last.collided);
}

TEST(DedupEntry, OfFormatVersion1IsReadByItsFirstAndItsLastId) {
  std::string bytes;
  for (unsigned char number = 1; number <= 8; ++number) bytes.append(id_of(number).view());
  const auto entry = decode_dedup(bytes, younger_than(3));
  EXPECT_EQ(entry.first, id_of(4));
  EXPECT_EQ(entry.newest, id_of(8));
  EXPECT_FALSE(entry.collided);
  EXPECT_EQ(newest_of_dedup(bytes), id_of(8));
}

TEST(DedupEntry, EmptyEntryHasNoNewestId) {
  EXPECT_FALSE(newest_of_dedup(""));
  EXPECT_FALSE(newest_of_dedup("123"));
  EXPECT_EQ(newest_of_dedup(DedupEntry{{}, {}, id_of(3)}.encode()), id_of(3));
}

}  // namespace
}  // namespace triggers::store
