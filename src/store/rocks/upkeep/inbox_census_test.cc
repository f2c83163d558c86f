// What the census counts of inboxes, by the store as a whole. Which inboxes are shown: shown_inboxes_test.cc.

#include "store/rocks/upkeep/inbox_census.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <set>
#include <string>

#include "base/manual_clock.h"
#include "base/sync_wait.h"
#include "base/uuid7.h"
#include "store/inbox_name.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/rocks_store.h"
#include "store/rocks/test_directory.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using inbox::Counts;

class InboxCensusTest : public testing::Test {
 protected:
  InboxCensusTest() {
    config_.data_dir = directory_.path() + "/data";
    config_.memory_bytes = 32 * 1024 * 1024;
    config_.background = false;
    config_.dedup_window = 0s;
    config_.clock = &clock_;
    config_.on_commit = [this](const CommitStats& stats) { add(stats); };
    open();
  }
  void open() {
    store_.reset();
    store_ = RocksStore::open(config_).value();
  }

  /// When the event was accepted.
  UnixMillis append(const std::string& tenant = "acme") {
    clock_.advance(10ms);
    const std::string payload = std::to_string(++payloads_);
    IncomingEvent event;
    event.event_type = "t";
    event.payload = payload;
    const auto appended = sync_wait(store_->append({tenant}, event));
    return appended.value().id.time();
  }
  void put_inbox(const std::string& name, const inbox::Settings& settings = {}, const std::string& tenant = "acme") {
    ASSERT_TRUE(sync_wait(store_->put_inbox({tenant}, named(name), settings, std::nullopt)));
  }
  Leased lease(std::size_t limit, const std::string& name = "default") {
    LeaseRequest request{.inbox = named(name), .limit = limit, .duration = 30s};
    return sync_wait(store_->lease({"acme"}, std::move(request))).value();
  }
  void release(const Leased& lease, std::chrono::seconds delay = {}, const std::string& name = "default") {
    ASSERT_TRUE(
        sync_wait(store_->release({"acme"}, named(name), lease.lease, std::nullopt, delay, std::string("error"))));
  }
  std::vector<EntryResult> acknowledge(const Leased& lease, const std::string& name = "default") {
    std::vector<EventId> ids;
    for (const auto& leased : lease.events) ids.push_back(leased.event.id);
    return sync_wait(store_->acknowledge({"acme"}, named(name), lease.lease, ids)).value();
  }
  InboxTotals totals() {
    EXPECT_TRUE(store_->settle());
    return *store_->inbox_totals();
  }
  InboxFigures shown(const std::string& name, const std::string& tenant = "acme") {
    for (const auto& one : totals().shown) {
      if (one.tenant == tenant && one.inbox == name) return one;
    }
    ADD_FAILURE() << tenant << "'s " << name << " is not shown";
    return {};
  }
  /// The sums of all commits. The committer reports a commit after it has answered.
  CommitStats stats() {
    store_.reset();
    return stats_;
  }
  static InboxName named(const std::string& name) { return InboxName::parse(name).value(); }

  ManualClock clock_;

 private:
  void add(const CommitStats& stats) {
    stats_.leases += stats.leases;
    stats_.leased += stats.leased;
    stats_.acknowledged += stats.acknowledged;
    stats_.acknowledged_by_lease += stats.acknowledged_by_lease;
    stats_.released += stats.released;
    stats_.lease_lost += stats.lease_lost;
    stats_.leases_timed_out += stats.leases_timed_out;
    stats_.ended += stats.ended;
    stats_.died += stats.died;
  }

  const TestDirectory directory_;
  RocksConfig config_;
  CommitStats stats_;  ///< Of the committer's thread.
  std::size_t payloads_ = 0;
  std::unique_ptr<RocksStore> store_;
};

TEST_F(InboxCensusTest, CountsEachStateInAllInboxesAndInEachThatIsShown) {
  put_inbox("work", {.max_attempts = 1});
  for (int i = 0; i < 6; ++i) append();
  append("other");
  release(lease(1, "work"), {}, "work");
  lease(2, "work");
  release(lease(1), 60s);

  const auto all = totals();
  EXPECT_EQ(all.inboxes, 3U);
  EXPECT_EQ(all.counts, (Counts{.available = 3 + 5 + 1, .leased = 2, .delayed = 1, .dead = 1}));
  ASSERT_EQ(all.shown.size(), 3U);
  EXPECT_EQ(shown("work").counts, (Counts{.available = 3, .leased = 2, .dead = 1}));
  EXPECT_EQ(shown("default").counts, (Counts{.available = 5, .delayed = 1}));
  EXPECT_EQ(shown("default", "other").counts, (Counts{.available = 1}));
  open();
  EXPECT_EQ(totals().counts, all.counts) << "a restart changes nothing";
}

TEST_F(InboxCensusTest, OldestAvailableIsNotLeasedNorDelayedNorDead) {
  put_inbox("work", {.max_attempts = 2});
  const auto first = append(), second = append(), third = append();
  EXPECT_EQ(shown("work").oldest_available, first);
  const auto one = lease(1, "work");
  EXPECT_EQ(shown("work").oldest_available, second);
  EXPECT_EQ(shown("default").oldest_available, first) << "another inbox";
  release(one, {}, "work");
  EXPECT_EQ(shown("work").oldest_available, first) << "it came back";
  release(lease(1, "work"), {}, "work");
  EXPECT_EQ(shown("work").oldest_available, second) << "the first is dead";
  acknowledge(lease(1, "work"), "work");
  EXPECT_EQ(shown("work").oldest_available, third);
  acknowledge(lease(1, "work"), "work");
  EXPECT_EQ(shown("work").oldest_available, std::nullopt);
  EXPECT_EQ(totals().oldest_available, first) << "in default";
  EXPECT_EQ(totals().oldest_unacknowledged, first);
  acknowledge(lease(3));
  EXPECT_EQ(totals().oldest_available, std::nullopt);
  EXPECT_EQ(totals().oldest_unacknowledged, std::nullopt);
}

TEST_F(InboxCensusTest, OldestUnacknowledgedMayBeLeased) {
  const auto first = append(), second = append();
  lease(1);
  EXPECT_EQ(totals().oldest_unacknowledged, first);
  EXPECT_EQ(totals().oldest_available, second);
}

TEST(InboxCensus, AWalkReadsInSoManyInboxesAndTheNextContinuesThere) {
  const TestDirectory directory;
  DatabaseConfig config;
  config.data_dir = directory.path();
  const auto database = Database::open(config).value();
  ManualClock clock;
  Uuid7Generator ids;
  Tenants tenants;
  rocksdb::WriteBatch batch;
  for (const std::string tenant : {"a", "b", "c", "d", "e"}) {
    InboxState& inbox = tenants.get(tenant).default_inbox();
    const std::array entries{EventId{ids.next(clock.now())}, EventId{ids.next(clock.now())}};
    for (const EventId& id : entries) {
      batch.Put(database->family(Family::pending), layout::pending_key(tenant, default_inbox, id), "-");
    }
    inbox.staged.count = entries.size();
    // So the oldest available entry is not the head, and each walk must read to know it.
    auto& index = inbox.make_index(inbox::Rules());
    EXPECT_EQ(index.lease(std::array{entries[0]}, 1, inbox::LeaseId{ids.next(clock.now())}, 30s, clock.now()).size(),
              1U);
    inbox.publish();
  }
  ASSERT_TRUE(database->write(batch));
  InboxCensus census(*database, tenants, 3);
  std::set<std::string> known;
  for (int walk = 0; walk < 6; ++walk) {
    census.run({});
    std::size_t now_known = 0;
    for (const auto& one : census.totals()->shown) {
      if (!one.oldest_available) continue;
      known.insert(one.tenant);
      ++now_known;
    }
    EXPECT_GE(now_known, 1U);
    EXPECT_LE(now_known, 3U);
    EXPECT_EQ(census.totals()->counts, (Counts{.available = 5, .leased = 5})) << "no read is needed for that";
  }
  EXPECT_EQ(known.size(), 5U);
}

TEST_F(InboxCensusTest, CommitsReportWhatLeasesDo) {
  put_inbox("work", {.max_attempts = 1});
  for (int i = 0; i < 7; ++i) append();
  acknowledge(lease(2, "work"), "work");  // 2 by their lease
  release(lease(1, "work"), {}, "work");  // 1 dies
  const auto late = lease(3, "work");     // Their time is over, and they die.
  clock_.advance(31s);
  EXPECT_EQ(acknowledge(late, "work").at(0).status, EntryStatus::lease_lost);
  totals();
  acknowledge(late, "work");
  EXPECT_EQ(lease(5, "work").events.size(), 1U);
  release(lease(1), 5s);
  clock_.advance(6s);
  totals();  // A delay ends, which is no lease.
  EXPECT_TRUE(lease(1, "work").events.empty());
  const auto all = stats();
  EXPECT_EQ(all.leases, 5U);
  EXPECT_EQ(all.leased, 2U + 1U + 3U + 1U + 1U);
  EXPECT_EQ(all.acknowledged, 2U);
  EXPECT_EQ(all.acknowledged_by_lease, 2U);
  EXPECT_EQ(all.released, 2U);
  EXPECT_EQ(all.lease_lost, 6U);
  EXPECT_EQ(all.leases_timed_out, 3U);
  EXPECT_EQ(all.ended, 4U);
  EXPECT_EQ(all.died, 4U);
}

}  // namespace
}  // namespace triggers::store
