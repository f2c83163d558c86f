// Repairs of a store whose log repeats writes that its tables hold as well, because RocksDB keeps a log until every
// family has its writes in tables. Other repairs are in directory_test.cc.

#include "store/rocks/repair/repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/debug.h>

#include <filesystem>
#include <optional>

#include "rocks/committed_inbox.h"
#include "store/rocks/format/pending_value.h"
#include "store/rocks/read/page_reader.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;
using Ids = std::span<const EventId>;

constexpr auto put_once = {Family::events, Family::pending, Family::acknowledged, Family::expiry};
constexpr std::size_t group = 10;

class RepairReplay : public testing::Test {
 protected:
  RepairReplay() { store_.emplace(directory_ / "data"); }

  /// Into tables, as RocksDB does by itself when a family's memory is used up. The log stays: it has the counters, too.
  void flush(std::initializer_list<Family> families = put_once) {
    for (const Family family : families) {
      ASSERT_TRUE(store_->database().db().Flush({}, store_->database().family(family)).ok());
    }
  }
  void copy_as_a_kill_leaves_it(const std::string& name = "data") {
    fs::remove_all(directory_ / "damaged");
    fs::copy(directory_ / name, directory_ / "damaged", fs::copy_options::recursive);
    fs::remove(fs::path(directory_ / "damaged/db/CURRENT"));
  }
  fs::path newest_log() {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(directory_ / "damaged/db")) {
      if (entry.path().extension() == ".log") newest = std::max(newest, entry.path());
    }
    return newest;
  }
  /// Repairs, and has the new store in the old one's place.
  RepairReport repair(const std::string& into = "repaired") {
    store_.reset();
    DatabaseConfig config;
    config.data_dir = directory_ / "damaged";
    auto report = repair_store(config, directory_ / into);
    EXPECT_TRUE(report) << report.error().message;
    store_.emplace(directory_ / into);
    return std::move(report).value();
  }

  std::vector<EventId> shown() {
    std::vector<EventId> ids;
    const Page page = read_page(store_->database(), store_->inbox(), {.limit = 200}, {}).value();
    for (const auto& event : page.events) ids.push_back(event.id);
    return ids;
  }
  /// How many entries the family has; each must be there once, whatever lies on top of it.
  std::size_t entries(Family family) {
    Database& database = store_->database();
    const std::unique_ptr<rocksdb::Iterator> entry(database.db().NewIterator({}, database.family(family)));
    std::size_t count = 0;
    for (entry->SeekToFirst(); entry->Valid(); entry->Next(), ++count) {
      std::vector<rocksdb::KeyVersion> versions;
      const std::string key = entry->key().ToString();
      EXPECT_TRUE(rocksdb::GetAllKeyVersions(&database.db(), database.family(family), key, key, 10, &versions).ok());
      EXPECT_EQ(versions.size(), 1U) << "in family " << static_cast<int>(family);
    }
    return count;
  }
  void compact() {
    for (const Family family : put_once) {
      ASSERT_TRUE(store_->database().db().CompactRange({}, store_->database().family(family), nullptr, nullptr).ok());
    }
  }
  /// Now, when RocksDB has merged all tables, and when the rest was acknowledged.
  void expect_shown(Ids left, std::size_t events) {
    for (const bool compacted : {false, true}) {
      if (compacted) compact();
      EXPECT_EQ(shown(), std::vector(left.begin(), left.end())) << compacted;
      EXPECT_EQ(entries(Family::events), events) << compacted;
      EXPECT_EQ(entries(Family::pending), left.size()) << compacted;
      EXPECT_EQ(entries(Family::acknowledged), events - left.size()) << compacted;
      EXPECT_EQ(entries(Family::expiry), events - left.size()) << compacted;
    }
    store_->acknowledge(left);
    flush();
    EXPECT_EQ(entries(Family::pending), 0U);
    EXPECT_TRUE(shown().empty());
  }

  testing_support::ScratchDirectory directory_;
  std::optional<CommittedInbox> store_;
};

TEST_F(RepairReplay, WhatWasAcknowledgedStaysSoWhereverItsWritesAre) {
  const auto ids = store_->append(6 * group);
  const Ids all(ids);
  store_->acknowledge(all.subspan(0, group));  // In one table with what it removes.
  flush();
  store_->acknowledge(all.subspan(group, group));
  flush({Family::pending});  // In another table; the acknowledgement is in the log alone.
  store_->acknowledge(all.subspan(2 * group, group));
  flush({Family::acknowledged, Family::expiry});  // The other way round.
  store_->acknowledge(all.subspan(3 * group, group));
  const auto more = store_->append(group);
  store_->acknowledge(Ids(more).first(group / 2));  // All in the log.
  std::vector<EventId> left(ids.begin() + 4 * group, ids.end());
  left.insert(left.end(), more.begin() + group / 2, more.end());
  copy_as_a_kill_leaves_it();

  const RepairReport report = repair();
  EXPECT_EQ(report.events, 7 * group);
  EXPECT_EQ(report.unacknowledged, left.size());
  EXPECT_EQ(report.made_unacknowledged_again, 0U);
  expect_shown(left, 7 * group);
}

/// As an entry that is taken out of its inbox and put back by one commit.
TEST_F(RepairReplay, AnEntryThatOneWriteRemovesAndPutsAgainIsThere) {
  const auto ids = store_->append(group);
  flush();
  const std::string key = layout::pending_key("acme", default_inbox, ids.front());
  std::string value;
  append_pending_value(value, {.again = true, .record_bytes = 1, .event_type = "put again"});
  rocksdb::WriteBatch batch;
  batch.SingleDelete(store_->database().family(Family::pending), key);
  batch.Put(store_->database().family(Family::pending), key, value);
  ASSERT_TRUE(store_->database().write(batch));
  copy_as_a_kill_leaves_it();

  const RepairReport report = repair();
  EXPECT_EQ(report.unacknowledged, group);
  EXPECT_EQ(report.made_unacknowledged_again, 0U);
  rocksdb::PinnableSlice found;
  ASSERT_TRUE(*store_->database().get(Family::pending, key, found));
  EXPECT_EQ(found, value);
}

TEST_F(RepairReplay, WhatHasExpiredStaysGone) {
  const auto ids = store_->append(3 * group);
  const Ids all(ids);
  store_->acknowledge(all.first(2 * group));
  flush();
  store_->expire(all.first(group));
  copy_as_a_kill_leaves_it();
  EXPECT_EQ(repair().acknowledged, group);
  expect_shown(all.subspan(2 * group), 2 * group);
}

TEST_F(RepairReplay, ALogThatIsThereTwiceIsReplayedOnce) {
  const auto ids = store_->append(2 * group);
  flush();
  store_->acknowledge(Ids(ids).first(group));
  copy_as_a_kill_leaves_it();
  fs::copy(newest_log(), fs::path(directory_ / "damaged/db/000999.log"));
  EXPECT_THAT(repair().losses, testing::Contains(testing::HasSubstr("another log has writes with the same numbers")));
  expect_shown(Ids(ids).subspan(group), 2 * group);
}

/// Most stores have a family without a table: of idempotency keys, say, but not of API keys. A log names families by
/// their numbers.
TEST_F(RepairReplay, ARepairedStoreCanBeRepairedAgainAlthoughFamiliesHadNoTable) {
  const auto put = [&](Family family) {
    rocksdb::WriteBatch batch;
    batch.Put(store_->database().family(family), "a key", "a value");
    ASSERT_TRUE(store_->database().write(batch));
  };
  put(Family::keys);
  put(Family::traces);
  flush({Family::keys, Family::traces});
  copy_as_a_kill_leaves_it();
  repair();
  for (std::size_t place = 0; place < family_count; ++place) {
    EXPECT_EQ(store_->database().family(static_cast<Family>(place))->GetID(), place);
  }
  put(Family::idempotency);  // In the log alone.
  put(Family::dedup);
  copy_as_a_kill_leaves_it("repaired");
  repair("repaired_again");
  for (const Family family : {Family::idempotency, Family::keys, Family::dedup, Family::traces}) {
    rocksdb::PinnableSlice found;
    EXPECT_TRUE(*store_->database().get(family, "a key", found)) << static_cast<int>(family);
  }
}

}  // namespace
}  // namespace triggers::store
