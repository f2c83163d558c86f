#include "store/rocks/commit/tracked_bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/manual_clock.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;

class TrackedBoundTest : public testing::Test {
 protected:
  /// Leases so many entries that were never leased.
  void lease(InboxState& inbox, std::size_t count) {
    auto& index = inbox.index() != nullptr ? *inbox.index() : inbox.make_index({});
    std::vector<EventId> ids;
    while (ids.size() < count) {
      ids.push_back(EventId{ids_.next(clock_.now())});
      EXPECT_FALSE(index.accept(ids.back()));
    }
    leased_ = index.lease(ids, count, inbox::LeaseId{ids_.next(clock_.now())}, 30s, clock_.now());
    EXPECT_EQ(leased_.size(), count);
  }

  ManualClock clock_;
  Uuid7Generator ids_;
  TenantState tenant_{"acme"};
  std::vector<inbox::LeasedEntry> leased_;
};

TEST_F(TrackedBoundTest, RoomIsWhatEntriesInMemoryLeave) {
  const TrackedBound bound(5);
  EXPECT_EQ(bound.room(tenant_, 3), 3U);
  lease(tenant_.default_inbox(), 4);
  bound.add(tenant_, 4);
  EXPECT_EQ(bound.room(tenant_, 3), 1U);
  lease(tenant_.default_inbox(), 1);
  bound.add(tenant_, 1);
  EXPECT_EQ(bound.room(tenant_, 1), 0U);
  tenant_.default_inbox().index()->remove(leased_.front().id);
  EXPECT_EQ(bound.room(tenant_, 3), 1U);
}

TEST_F(TrackedBoundTest, WhatWasAddedAndUndoneIsNotLost) {
  const TrackedBound bound(5);
  EXPECT_EQ(bound.room(tenant_, 5), 5U);
  bound.add(tenant_, 5);
  EXPECT_EQ(bound.room(tenant_, 5), 5U);
}

TEST_F(TrackedBoundTest, InboxesOfATenantShareIt) {
  const TrackedBound bound(5);
  const auto other = std::make_shared<InboxState>("acme", "crm");
  std::vector<RosterEntry> entries{{.name = InboxName::parse("crm").value(), .state = other},
                                   {.name = InboxName(), .state = tenant_.shared_default_inbox()}};
  tenant_.stage(std::make_shared<const Roster>(std::move(entries)));
  lease(*other, 3);
  lease(tenant_.default_inbox(), 1);
  EXPECT_EQ(bound.room(tenant_, 9), 1U);
}

TEST_F(TrackedBoundTest, ZeroIsNoLimit) {
  const TrackedBound bound(0);
  lease(tenant_.default_inbox(), 9);
  EXPECT_EQ(bound.room(tenant_, 7), 7U);
}

}  // namespace
}  // namespace triggers::store
