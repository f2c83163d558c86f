// Leases on the embedded engine: what a restart, a full disk, a kill and an unreadable record leave of them. What
// leases do on every engine is in tests/contract/lease_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rocks_fixture.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<EventId>;
using enum EntryStatus;

class Leases : public RocksFixture {
 protected:
  Ids fill(std::size_t count) {
    Ids ids;
    for (std::size_t i = 0; i != count; ++i) ids.push_back(append(numbered(next_++)).value().id);
    return ids;
  }
  Leased lease(std::size_t limit) { return sync_wait(store->lease(tenant, LeaseRequest{.limit = limit})).value(); }
  std::vector<EntryResult> acknowledge(const Leased& lease, std::optional<Ids> ids = {}) {
    return sync_wait(store->acknowledge(tenant, InboxName(), lease.lease, std::move(ids))).value();
  }

 private:
  std::size_t next_ = 0;
};

Ids ids_of(const Leased& leased) {
  Ids ids;
  for (const LeasedEvent& event : leased.events) ids.push_back(event.event.id);
  return ids;
}

TEST_F(Leases, LeaseAndItsAcknowledgementOutliveARestart) {
  open();
  const Ids ids = fill(3);
  const Leased leased = lease(2);
  EXPECT_EQ(ids_of(leased), (Ids{ids[0], ids[1]}));
  EXPECT_EQ(leased.until, clock.now() + 30s);
  reopen();
  EXPECT_EQ(acknowledge(leased, Ids{ids[0]}), (std::vector<EntryResult>{{ids[0], acknowledged}}));
  EXPECT_EQ(ids_of(lease(3)), Ids{ids[2]});
  reopen();
  EXPECT_EQ(acknowledge(leased, Ids{ids[0]}), (std::vector<EntryResult>{{ids[0], already_acknowledged}}));
  EXPECT_EQ(acknowledge(leased), (std::vector<EntryResult>{{ids[1], acknowledged}}));
  EXPECT_EQ(inbox(), Ids{ids[2]});
}

}  // namespace
}  // namespace triggers::store
