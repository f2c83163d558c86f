// Leases of entries by several nodes. What one node alone must do is in tests/contract/lease_test.cc; nodes that die on
// the way are in inbox_faults_test.cc.

#include <map>
#include <thread>

#include "dynamo/inbox_fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using enum EntryStatus;

class InboxLeasesTest : public InboxFleetTest {
 protected:
  std::unique_ptr<InboxTestNode> one_ = inbox_node(), two_ = inbox_node();
};

TEST_F(InboxLeasesTest, WhatIsLeasedOnOneNodeIsAcknowledgedOnAnother) {
  const Ids ids = accept(12);
  const Leased leased = lease(*one_, 10);
  ASSERT_EQ(leased.outcome, Leased::Outcome::leased);
  EXPECT_EQ(ids_of(leased), Ids(ids.begin(), ids.begin() + 10));
  EXPECT_EQ(leased.events[3].event.payload, numbered(3).payload);
  EXPECT_EQ(acknowledge_by(*two_, leased), all(ids_of(leased), acknowledged));
  EXPECT_EQ(acknowledge_by(*one_, leased, ids_of(leased)), all(ids_of(leased), already_acknowledged));
  EXPECT_EQ(ids_of(entries(*two_)), Ids(ids.begin() + 10, ids.end()));
  EXPECT_EQ(ids_of(lease(*two_, 10)), Ids(ids.begin() + 10, ids.end()));
  EXPECT_EQ(lease(*one_, 10).outcome, Leased::Outcome::nothing);
}

}  // namespace
}  // namespace triggers::store
