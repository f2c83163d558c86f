// Readers that wait on one node for what happens on another one.

#include "dynamo/managed_fleet.h"

namespace triggers::store {
namespace {

class ManagedArrivalsTest : public ManagedFleetTest {
 protected:
  Node one_ = node(), two_ = node();
};

TEST_F(ManagedArrivalsTest, ReaderHearsOfWhatAnotherNodeAcceptsAndReleases) {
  put(one_, crm);
  ASSERT_TRUE(entries(two_, crm).empty());  // It knows the inbox.
  const auto arrivals = sync_wait(two_.store->arrivals(tenant, crm)).value();
  ASSERT_TRUE(arrivals);
  sync_wait(two_.store->poll_arrivals());
  auto version = arrivals->version();
  append(one_, numbered(1));
  sync_wait(two_.store->poll_arrivals());
  EXPECT_GT(arrivals->version(), version);
  const Leased leased = lease(one_, 1, crm);
  clock.advance(std::chrono::seconds{1});
  sync_wait(two_.store->poll_arrivals());
  version = arrivals->version();
  ASSERT_TRUE(sync_wait(one_.store->release(tenant, crm, leased.lease, std::nullopt, {}, std::nullopt)));
  clock.advance(std::chrono::seconds{1});
  sync_wait(two_.store->poll_arrivals());
  EXPECT_GT(arrivals->version(), version);
}

TEST_F(ManagedArrivalsTest, ReaderOfAnInboxThatAnotherNodeRemovedIsWoken) {
  put(one_, crm);
  ASSERT_TRUE(entries(two_, crm).empty());
  const auto arrivals = sync_wait(two_.store->arrivals(tenant, crm)).value();
  ASSERT_TRUE(sync_wait(one_.store->remove_inbox(tenant, crm, std::nullopt)).value());
  sync_wait(two_.store->poll_arrivals());
  EXPECT_FALSE(sync_wait(two_.store->arrivals(tenant, crm)).value());
}

TEST_F(ManagedArrivalsTest, PlainTenantsReadersHearOfOtherNodesToo) {
  const auto arrivals = sync_wait(two_.store->arrivals(tenant, {})).value();
  ASSERT_TRUE(arrivals);
  sync_wait(two_.store->poll_arrivals());
  const auto version = arrivals->version();
  append(one_, numbered(1));
  sync_wait(two_.store->poll_arrivals());
  EXPECT_GT(arrivals->version(), version);
  EXPECT_TRUE(items("s#").empty());
}

}  // namespace
}  // namespace triggers::store
