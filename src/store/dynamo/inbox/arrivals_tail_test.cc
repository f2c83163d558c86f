#include "store/dynamo/inbox/arrivals_tail.h"

#include <gtest/gtest.h>

namespace triggers::store::dynamo {
namespace {

EventId id(unsigned char number) {
  EventId id;
  id.bytes[5] = number;
  return id;
}

TEST(ArrivalsTail, EachEntryIsNewsOnce) {
  ArrivalsTail tail;
  EXPECT_FALSE(tail.after());
  EXPECT_EQ(tail.news({id(3), id(4)}, {}, id(1)), 2U);
  EXPECT_EQ(tail.news({id(3), id(4)}, {}, id(1)), 0U);
  EXPECT_EQ(tail.news({id(2), id(3), id(4), id(5)}, {}, id(1)), 2U) << "one of them came late";
}

TEST(ArrivalsTail, WhatIsSettledIsNoNewsAnyMore) {
  ArrivalsTail tail;
  EXPECT_EQ(tail.news({id(3)}, {}, id(1)), 1U);
  EXPECT_EQ(tail.news({id(3)}, {}, id(4)), 0U);
  EXPECT_EQ(tail.after(), id(4));
  EXPECT_EQ(tail.news({id(3)}, {}, id(2)), 0U);
  EXPECT_EQ(tail.after(), id(4)) << "it does not go back with the clock";
}

TEST(ArrivalsTail, EntryThatComesBackAgainIsNewsAgain) {
  ArrivalsTail tail;
  EXPECT_EQ(tail.news({}, {{id(1), 7}}, id(0)), 1U);
  EXPECT_EQ(tail.news({}, {{id(1), 7}}, id(0)), 0U);
  EXPECT_EQ(tail.news({}, {{id(1), 9}}, id(0)), 1U);
  EXPECT_EQ(tail.news({}, {}, id(0)), 0U);
}

}  // namespace
}  // namespace triggers::store::dynamo
