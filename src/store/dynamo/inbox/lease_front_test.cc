#include "store/dynamo/inbox/lease_front.h"

#include <gtest/gtest.h>

namespace triggers::store::dynamo {
namespace {

using namespace std::chrono_literals;

EventId id(unsigned char number) {
  EventId id;
  id.bytes[5] = number;
  return id;
}

class LeaseFrontTest : public testing::Test {
 protected:
  /// A scan that finds entries with records up to `to`.
  void scan(unsigned char to, unsigned char settled = 0) {
    LeaseFront::Scan scan(front_, now_);
    scan.passed(id(to), id(settled));
  }
  /// Where a scan that does not look back begins. The first one always does.
  EventId begins_after() {
    const LeaseFront::Scan scan(front_, now_);
    return scan.after();
  }

  LeaseFront front_{500ms};
  LeaseFront::TimePoint now_{};
};

TEST_F(LeaseFrontTest, IdBeforeIsTheNextSmallerOne) {
  EventId one = id(1);
  EventId before = id_before(one);
  EXPECT_LT(before, one);
  EXPECT_EQ(before.bytes[5], 0);
  EXPECT_EQ(before.bytes[15], 0xff);
  one.bytes[15] = 7;
  before = one;
  before.bytes[15] = 6;
  EXPECT_EQ(id_before(one), before);
  EXPECT_EQ(id_before(EventId{}), EventId{});
}

TEST_F(LeaseFrontTest, ScanBeginsWhereTheLastOneEnded) {
  scan(5);
  EXPECT_EQ(begins_after(), id(5));
  scan(3);
  EXPECT_EQ(begins_after(), id(5)) << "a front does not move back";
}

TEST_F(LeaseFrontTest, NowAndThenAScanBeginsAtTheSettledFront) {
  scan(5, 2);
  EXPECT_EQ(begins_after(), id(5));
  now_ += 500ms;
  EXPECT_EQ(begins_after(), id(2));
  EXPECT_EQ(begins_after(), id(5));
  EXPECT_EQ(front_.settled(), id(2));
}

TEST_F(LeaseFrontTest, OnlyAScanFromTheSettledFrontMovesIt) {
  scan(5, 2);
  scan(9, 8);
  EXPECT_EQ(front_.settled(), id(2)) << "this scan has not looked at what came late";
}

TEST_F(LeaseFrontTest, WhatThisNodeAcceptsIsNotPassed) {
  scan(5);
  front_.accepted(id(4));
  EXPECT_EQ(begins_after(), id_before(id(4)));
  scan(9);
  {
    LeaseFront::Scan slow(front_, now_);
    front_.accepted(id(11));
    slow.passed(id(12), id(0));
  }
  EXPECT_EQ(begins_after(), id_before(id(11)));
}

TEST_F(LeaseFrontTest, WhatIsLeftIsFoundByTheNextScan) {
  scan(5);
  {
    now_ += 500ms;
    LeaseFront::Scan looks_back(front_, now_);
    looks_back.left(id(2));
  }
  EXPECT_EQ(begins_after(), id_before(id(2)));
}

TEST_F(LeaseFrontTest, EntryIsReservedForOneScan) {
  LeaseFront::Scan one(front_, now_);
  {
    LeaseFront::Scan other(front_, now_);
    EXPECT_TRUE(other.reserve(id(1)));
    EXPECT_FALSE(one.reserve(id(1)));
  }
  EXPECT_TRUE(one.reserve(id(1))) << "the other one has ended";
}

TEST_F(LeaseFrontTest, RecordsAreReadFirstBehindTheFrontAndWhileOthersLeaseToo) {
  scan(5);
  now_ += 10s;
  LeaseFront::Scan alone(front_, now_);
  EXPECT_TRUE(alone.looks_first(id(5)));
  EXPECT_FALSE(alone.looks_first(id(6)));
  alone.met_another_node(now_);
  const LeaseFront::Scan warned(front_, now_);
  EXPECT_TRUE(warned.looks_first(id(6)));
}

TEST_F(LeaseFrontTest, KnownEntriesAreForgottenOnceTheyAreSettled) {
  LeaseFront::Scan scan(front_, now_);
  scan.not_fresh(id(1));
  scan.not_fresh(id(3));
  EXPECT_TRUE(scan.knows(id(1)));
  front_.advance(id(2));
  EXPECT_FALSE(scan.knows(id(1)));
  EXPECT_TRUE(scan.knows(id(3)));
}

TEST_F(LeaseFrontTest, FrontOfOthersMovesThisOne) {
  scan(2);
  front_.advance(id(7));
  EXPECT_EQ(begins_after(), id(7));
  EXPECT_EQ(front_.settled(), id(7));
}

}  // namespace
}  // namespace triggers::store::dynamo
