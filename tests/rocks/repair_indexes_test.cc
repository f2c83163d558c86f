// What a repair does with entries that disagree with the events: of expiry, of duplicates, and of inboxes. Also what an
// open store does with such entries, which an earlier repair may have left.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <functional>

#include "base/manual_clock.h"
#include "base/sync_wait.h"
#include "store/inbox_name.h"
#include "store/rocks/format/dedup_entry.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/pending_value.h"
#include "store/rocks/repair/repair.h"
#include "store/rocks/rocks_store.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;
using Outcome = Appended::Outcome;
using Ids = std::vector<EventId>;

/// A store of one tenant whose entries a test changes while it is closed.
class DisagreeingStore : public testing::Test {
 protected:
  DisagreeingStore() {
    config_.data_dir = directory_ / "data";
    config_.memory_bytes = 32 * 1024 * 1024;
    config_.background = false;
    config_.clock = &clock_;
    open();
  }

  void open() { store_ = RocksStore::open(config_).value(); }
  static Draft keyed(std::size_t number) {
    Draft draft = numbered(number);
    draft.idempotency_key = "k" + std::to_string(number);
    return draft;
  }
  Appended append(const Draft& draft) { return sync_wait(store_->append(tenant_, draft.append())).value(); }
  Ids append(std::size_t count) {
    Ids ids;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(append(keyed(next_++)).id);
    return ids;
  }
  void acknowledge(const Ids& ids) {
    EXPECT_EQ(sync_wait(store_->acknowledge(tenant_, ids)).value(), std::vector(ids.size(), AckStatus::acknowledged));
  }
  Ids shown(PageQuery query = {.limit = 200}) {
    Ids ids;
    const auto page = sync_wait(store_->page(tenant_, query));
    EXPECT_TRUE(page) << page.error().message;
    if (!page) return ids;
    for (const auto& event : page->events) ids.push_back(event.id);
    return ids;
  }
  std::uint64_t total() { return sync_wait(store_->page(tenant_, {})).value().total_unacknowledged; }
  bool is_there(const EventId& id) { return sync_wait(store_->get(tenant_, id)).value().has_value(); }

  /// Changes the database of the closed store.
  void change(const std::function<void(Database&, rocksdb::WriteBatch&)>& make) {
    store_.reset();
    DatabaseConfig config;
    config.data_dir = config_.data_dir;
    config.clock = &clock_;
    const auto database = Database::open(config).value();
    rocksdb::WriteBatch batch;
    make(*database, batch);
    if (batch.Count() > 0) {
      ASSERT_TRUE(database->write(batch));
    }
  }
  void lose(Family family, const Ids& ids) {
    change([&](Database& database, rocksdb::WriteBatch& batch) {
      for (const EventId& id : ids) batch.SingleDelete(database.family(family), layout::event_key(tenant_.id, id));
    });
  }
  void lose_all(Family family) {
    change([&](Database& database, rocksdb::WriteBatch& batch) {
      const std::unique_ptr<rocksdb::Iterator> entry(database.db().NewIterator({}, database.family(family)));
      for (entry->SeekToFirst(); entry->Valid(); entry->Next()) {
        batch.SingleDelete(database.family(family), entry->key());
      }
    });
  }
  std::size_t entries(Family family) {
    std::size_t count = 0;
    change([&](Database& database, rocksdb::WriteBatch&) {
      const std::unique_ptr<rocksdb::Iterator> entry(database.db().NewIterator({}, database.family(family)));
      for (entry->SeekToFirst(); entry->Valid(); entry->Next()) ++count;
    });
    return count;
  }

  /// Has the new store in the old one's place, closed.
  RepairReport repair() {
    store_.reset();
    fs::remove(fs::path(config_.data_dir) / "db/CURRENT");
    DatabaseConfig config;
    config.data_dir = config_.data_dir;
    config.clock = &clock_;
    auto report = repair_store(config, directory_ / "repaired");
    EXPECT_TRUE(report) << report.error().message;
    config_.data_dir = directory_ / "repaired";
    return std::move(report).value();
  }
  std::size_t sweep_after_a_month() {
    clock_.advance(24h * 31);
    // A store trusts a clock that is far ahead of its events only after a day.
    const std::size_t swept = store_->sweep(1000).value();
    clock_.advance(25h);
    return swept + store_->sweep(1000).value();
  }

  testing_support::ScratchDirectory directory_;
  ManualClock clock_;
  const Tenant tenant_{"acme"};
  std::size_t next_ = 0;
  RocksConfig config_;
  std::unique_ptr<RocksStore> store_;
};

using RepairIndexes = DisagreeingStore;
using HurtStore = DisagreeingStore;

TEST_F(RepairIndexes, AnEventThatIsPutBackIntoTheInboxDoesNotExpire) {
  const auto ids = append(6);
  acknowledge({ids[0], ids[1], ids[2], ids[3]});
  lose(Family::acknowledged, {ids[0], ids[1]});
  EXPECT_EQ(repair().made_unacknowledged_again, 2U);
  EXPECT_EQ(entries(Family::expiry), 2U);
  open();
  EXPECT_EQ(sweep_after_a_month(), 2U);
  const auto left = shown();
  for (const std::size_t i : {0, 1, 4, 5}) EXPECT_THAT(left, Contains(ids[i])) << i;
  EXPECT_FALSE(is_there(ids[2]));
  acknowledge(left);
  clock_.advance(24h * 31);
  EXPECT_EQ(store_->sweep(1000).value(), left.size());
  EXPECT_EQ(entries(Family::acknowledged), 0U);
  EXPECT_EQ(entries(Family::events), 0U);
}

TEST_F(RepairIndexes, AcknowledgedEventsWhoseExpiryIsLostExpireAllTheSame) {
  const auto ids = append(6);
  acknowledge({ids[0], ids[1], ids[2], ids[3]});
  lose_all(Family::expiry);
  lose(Family::events, {ids[3]});
  repair();
  EXPECT_EQ(entries(Family::expiry), 4U);
  open();
  EXPECT_EQ(sweep_after_a_month(), 4U);
  EXPECT_FALSE(is_there(ids[0]));
  EXPECT_TRUE(is_there(ids[4]));
  EXPECT_EQ(entries(Family::acknowledged), 0U);
}

TEST_F(RepairIndexes, AnAcknowledgementOrAnExpiryEntryThatCannotBeReadGoes) {
  const auto ids = append(2);
  acknowledge(ids);
  change([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Put(database.family(Family::acknowledged), layout::event_key(tenant_.id, ids[0]), "?");
    batch.Put(database.family(Family::expiry), "?", "");
  });
  const auto report = repair();
  EXPECT_THAT(report.losses, Contains(StartsWith("1 acknowledgements cannot be read")));
  EXPECT_EQ(report.unacknowledged, 1U);
  EXPECT_EQ(entries(Family::expiry), 1U);
  open();
  EXPECT_EQ(shown(), Ids{ids[0]});
  EXPECT_EQ(sweep_after_a_month(), 1U);
}

TEST_F(RepairIndexes, WhatIsSentAgainIsAcceptedIfItsEventIsLost) {
  const auto ids = append(6);
  acknowledge({ids[1], ids[2]});
  lose(Family::events, {ids[0], ids[1]});
  const auto report = repair();
  EXPECT_THAT(report.losses, Contains(StartsWith("2 entries for finding duplicates are left out")));
  EXPECT_THAT(report.losses, Contains(StartsWith("1 entries of inboxes are left out")));
  open();
  EXPECT_EQ(append(keyed(0)).outcome, Outcome::accepted);
  for (const std::size_t i : {1, 2, 3}) {  // Processed, processed, there.
    const auto again = append(keyed(i));
    EXPECT_EQ(again.outcome, Outcome::duplicate) << i;
    EXPECT_EQ(again.id, ids[i]) << i;
  }
  EXPECT_EQ(total(), 4U);
  EXPECT_EQ(shown().size(), 4U);
}

TEST_F(RepairIndexes, OfTwoEqualEventsTheOneThatIsThereStaysKnown) {
  const auto first = append(numbered(1)).id;
  const auto other = append(1).front();
  change([&](Database& database, rocksdb::WriteBatch& batch) {
    const std::unique_ptr<rocksdb::Iterator> entry(database.db().NewIterator({}, database.family(Family::dedup)));
    for (entry->SeekToFirst(); entry->Valid(); entry->Next()) {
      const DedupEntry both{.first = first, .newest = other, .collided = first};
      batch.Put(database.family(Family::dedup), entry->key(), both.encode());
    }
  });
  lose(Family::events, {first});
  repair();
  change([&](Database& database, rocksdb::WriteBatch&) {
    const std::unique_ptr<rocksdb::Iterator> entry(database.db().NewIterator({}, database.family(Family::dedup)));
    for (entry->SeekToFirst(); entry->Valid(); entry->Next()) {
      const auto left = decode_dedup({entry->value().data(), entry->value().size()}, [](auto&) { return true; });
      EXPECT_EQ(left.first, other);
      EXPECT_EQ(left.newest, other);
      EXPECT_EQ(left.collided, first);
    }
  });
}

/// A line for each would make the report as long as the damage.
TEST_F(RepairIndexes, RecordsThatCannotBeReadAreCounted) {
  const auto ids = append(3);
  change([&](Database& database, rocksdb::WriteBatch& batch) {
    for (const auto& id : {ids[0], ids[1]}) {
      batch.Put(database.family(Family::events), layout::event_key(tenant_.id, id), "?");
    }
  });
  EXPECT_THAT(repair().losses, Contains("2 events' records cannot be read"));
}

/// As a repair of an earlier release leaves it: in the inbox, with what makes it expire.
TEST_F(HurtStore, ASweepRemovesNoEventThatIsInTheInbox) {
  const auto ids = append(4);
  acknowledge({ids[0], ids[1]});
  append(2);  // Their places in the count are those of the two.
  change([&](Database& database, rocksdb::WriteBatch& batch) {
    std::string value;
    append_pending_value(value, {.again = true, .record_bytes = 1, .event_type = "order.created"});
    for (const auto& id : {ids[0], ids[1]}) {
      batch.Put(database.family(Family::pending), layout::pending_key(tenant_.id, default_inbox, id), value);
    }
    batch.SingleDelete(database.family(Family::acknowledged), layout::event_key(tenant_.id, ids[0]));
  });
  open();
  sweep_after_a_month();
  EXPECT_THAT(store_->damage().take(), Contains(HasSubstr("event " + ids[0].text() + " of acme is in the inbox")));
  EXPECT_THAT(shown(), testing::IsSupersetOf({ids[0], ids[1]}));
  EXPECT_EQ(store_->sweep(1000).value(), 0U);
  acknowledge({ids[0], ids[1]});
  clock_.advance(24h * 31);
  EXPECT_EQ(store_->sweep(1000).value(), 2U);
  EXPECT_FALSE(is_there(ids[0]));
  EXPECT_FALSE(is_there(ids[1]));
  EXPECT_EQ(entries(Family::acknowledged), 0U);
}

TEST_F(HurtStore, AnEventThatIsMissingKeepsNoOtherFromThePage) {
  const auto ids = append(10);
  lose(Family::events, {ids[0], ids[1], ids[2], ids[9]});
  open();
  EXPECT_EQ(shown(), Ids(ids.begin() + 3, ids.begin() + 9));
  EXPECT_EQ(shown({.limit = 2}), Ids({ids[3], ids[4]}));
  EXPECT_EQ(shown({.order = PageOrder::newest_first, .limit = 2}), Ids({ids[8], ids[7]}));
  EXPECT_EQ(total(), 10U);
  EXPECT_GE(store_->damage().count(), 4U);
  EXPECT_THAT(store_->damage().take(), Contains(HasSubstr(ids[0].text() + " of acme: it is in the inbox only")));
  acknowledge({ids[0], ids[1], ids[2], ids[9]});
  EXPECT_EQ(total(), 6U);
  EXPECT_EQ(shown().size(), 6U);
}

TEST_F(HurtStore, PagesContinueBehindAnEventThatIsMissing) {
  const auto ids = append(9);
  lose(Family::events, {ids[1], ids[2], ids[4], ids[8]});
  open();
  Ids found;
  bool has_more = true;
  std::size_t pages = 0;
  for (PageQuery query{.limit = 2}; has_more && pages < 10; ++pages) {
    const auto page = sync_wait(store_->page(tenant_, query)).value();
    for (const auto& event : page.events) found.push_back(event.id);
    query.after = page.next_after;
    has_more = page.has_more;
  }
  EXPECT_EQ(found, Ids({ids[0], ids[3], ids[5], ids[6], ids[7]}));
  EXPECT_LE(pages, 3U);
}

}  // namespace
}  // namespace triggers::store
