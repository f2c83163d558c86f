// Leased, delayed and dead entries in a store that has lost some of their records: a start finds that out, and a repair
// makes records and counters agree. Repairs of everything else are in repair_test.cc and directory_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <optional>

#include "inbox/record_codec.h"
#include "rocks/committed_inbox.h"
#include "store/rocks/repair/repair.h"
#include "store/rocks/rocks_store.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<EventId>;
using Kind = EntryOperation::Kind;

class RepairEntries : public testing::Test {
 protected:
  RepairEntries() : ids(store->append(8)) {
    EntryOperation failed = lease(1);
    for (std::uint32_t attempt = 1; attempt != *inbox::Rules().max_attempts; ++attempt) {
      release(failed);
      failed = lease(1);
    }
    release(failed);        // ids[0] is dead.
    lease(2);               // ids[1] and ids[2]
    release(lease(1), 1h);  // ids[3] is delayed.
    acknowledge(lease(1));  // ids[4]
  }

  EntryOperation lease(std::size_t limit) {
    EntryOperation entry;
    entry.kind = Kind::lease;
    entry.limit = limit;
    entry.bytes_max = 1'000'000;
    entry.duration = 1h;
    EXPECT_TRUE(store->commit(entry));
    EXPECT_EQ(entry.leased.size(), limit);
    return entry;
  }
  void release(const EntryOperation& leased, std::chrono::seconds delay = {}) {
    EntryOperation entry = held_by(leased, Kind::release);
    entry.delay = delay;
    entry.error = "broken";
    EXPECT_TRUE(store->commit(entry));
  }
  void acknowledge(const EntryOperation& leased) {
    EntryOperation entry = held_by(leased, Kind::acknowledge);
    EXPECT_TRUE(store->commit(entry));
  }
  static EntryOperation held_by(const EntryOperation& leased, Kind kind) {
    EntryOperation entry;
    entry.kind = kind;
    entry.lease = leased.lease;
    entry.all_held = true;
    return entry;
  }

  std::string key(const EventId& id) { return store->inbox().prefix() + std::string(id.view()); }
  void lose(Family family, const EventId& id) {
    rocksdb::WriteBatch batch;
    batch.Delete(store->database().family(family), key(id));
    ASSERT_TRUE(store->database().write(batch));
  }
  void put_record(const EventId& id, const std::string& bytes) {
    rocksdb::WriteBatch batch;
    batch.Put(store->database().family(Family::entries), key(id), bytes);
    ASSERT_TRUE(store->database().write(batch));
  }

  Result<std::unique_ptr<RocksStore>> start_as_after_a_kill() {
    std::filesystem::copy(directory / "data", directory / "killed", std::filesystem::copy_options::recursive);
    return start("killed");
  }
  Result<std::unique_ptr<RocksStore>> start(const std::string& name) {
    RocksConfig config;
    config.data_dir = directory / name;
    config.background = false;
    return RocksStore::open(config);
  }
  RepairReport repair() {
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    for (std::size_t i = 0; i != family_count; ++i) {
      families.push_back(store->database().family(static_cast<Family>(i)));
    }
    RepairReport report;
    EXPECT_TRUE(rebuild(store->database().db(), families, report));
    store.reset();
    return report;
  }
  /// What the repaired store says. It is opened twice: with records that were written as those of a first start.
  inbox::Counts counts_after_repair() {
    std::unique_ptr<RocksStore> repaired;
    for (int i = 0; i != 2; ++i) {
      repaired.reset();
      auto opened = start("data");
      EXPECT_TRUE(opened) << opened.error().message;
      if (!opened) return {};
      repaired = std::move(*opened);
    }
    return sync_wait(repaired->inbox(tenant, InboxName())).value().counts;
  }

  const Tenant tenant{"acme"};
  testing_support::ScratchDirectory directory;
  std::optional<CommittedInbox> store{std::in_place, directory / "data"};
  const Ids ids;
};

TEST_F(RepairEntries, WholeStoreStaysAsItIs) {
  ASSERT_TRUE(start_as_after_a_kill());
  EXPECT_THAT(repair().losses, testing::Not(testing::Contains(testing::HasSubstr("entry"))));
  EXPECT_EQ(counts_after_repair(), (inbox::Counts{.available = 3, .leased = 2, .delayed = 1, .dead = 1}));
}

TEST_F(RepairEntries, EntryThatLostItsRecordIsAvailable) {
  lose(Family::entries, ids[2]);
  const auto refused = start_as_after_a_kill();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("records of entries that were leased are missing"));
  repair();
  EXPECT_EQ(counts_after_repair(), (inbox::Counts{.available = 4, .leased = 1, .delayed = 1, .dead = 1}));
}

TEST_F(RepairEntries, DeadEntryThatLostItsRecordIsAvailable) {
  lose(Family::entries, ids[0]);
  EXPECT_FALSE(start_as_after_a_kill());
  EXPECT_EQ(repair().made_unacknowledged_again, 1U);
  EXPECT_EQ(counts_after_repair(), (inbox::Counts{.available = 4, .leased = 2, .delayed = 1}));
}

TEST_F(RepairEntries, LeasedEntryThatIsNotPendingIsPendingAgain) {
  lose(Family::pending, ids[1]);
  EXPECT_FALSE(start_as_after_a_kill());
  EXPECT_EQ(repair().made_unacknowledged_again, 1U);
  EXPECT_EQ(counts_after_repair(), (inbox::Counts{.available = 3, .leased = 2, .delayed = 1, .dead = 1}));
}

TEST_F(RepairEntries, RecordThatCannotBeReadIsReportedAndItsEntryIsAvailable) {
  put_record(ids[3], "\x7f");
  const auto refused = start_as_after_a_kill();
  ASSERT_FALSE(refused);
  EXPECT_THAT(repair().losses, testing::Contains(testing::HasSubstr("leased, delayed or dead entry")));
  EXPECT_EQ(counts_after_repair(), (inbox::Counts{.available = 4, .leased = 2, .dead = 1}));
}

TEST_F(RepairEntries, RecordOfAnAcknowledgedEntryIsRemoved) {
  put_record(ids[4], inbox::encode_record(inbox::Record::fresh()));
  repair();
  EXPECT_EQ(counts_after_repair(), (inbox::Counts{.available = 3, .leased = 2, .delayed = 1, .dead = 1}));
}

}  // namespace
}  // namespace triggers::store
