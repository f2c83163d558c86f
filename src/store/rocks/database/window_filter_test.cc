// When entries of duplicates, and traces of acknowledgements, leave the database: the compaction filters of the dedup,
// idempotency and traces families (database_options.h).

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <string>

#include "base/manual_clock.h"
#include "base/uuid7.h"
#include "inbox/record_codec.h"
#include "store/event_log.h"
#include "store/rocks/database/database.h"
#include "store/rocks/format/dedup_entry.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/test_directory.h"

namespace triggers::store {
namespace {

using std::chrono::seconds;

/// What compaction leaves of the families whose entries matter for a while.
class WindowsTest : public testing::Test {
 protected:
  WindowsTest() {
    DatabaseConfig config;
    config.data_dir = directory_.path();
    config.dedup_window = seconds{300};
    config.idempotency_window = seconds{3000};
    config.clock = &clock_;
    config.traces_begin = traces_begin_;
    database_ = std::move(Database::open(config)).value();
  }

  EventId new_id() { return ids_.next(clock_.now()); }
  void put(Family family, const std::string& key, const std::string& value) {
    rocksdb::WriteBatch batch;
    batch.Put(database_->family(family), key, value);
    ASSERT_TRUE(database_->write(batch));
  }
  void compact(Family family) {
    ASSERT_TRUE(database_->db().CompactRange({}, database_->family(family), nullptr, nullptr).ok());
  }
  bool has(Family family, const std::string& key) {
    rocksdb::PinnableSlice value;
    return *database_->get(family, key, value);
  }

  TestDirectory directory_;
  ManualClock clock_;
  const std::shared_ptr<std::atomic<UnixMillis>> traces_begin_ = std::make_shared<std::atomic<UnixMillis>>();
  Uuid7Generator ids_;
  std::unique_ptr<Database> database_;
};

TEST_F(WindowsTest, DedupEntriesGoOnceTheirNewestIdIsPastTheWindow) {
  const EventId old = new_id();
  put(Family::dedup, "old", std::string{old.view()});
  clock_.advance(seconds{400});
  const EventId young = new_id();
  put(Family::dedup, "young", std::string{young.view()});
  put(Family::dedup, "both", std::string{old.view()} + std::string{young.view()});
  compact(Family::dedup);
  EXPECT_FALSE(has(Family::dedup, "old"));
  EXPECT_TRUE(has(Family::dedup, "young"));
  EXPECT_TRUE(has(Family::dedup, "both"));
}

TEST_F(WindowsTest, DedupEntriesStayWhileAContentThatCollidedIsWithinItsWindow) {
  const EventId old = new_id();
  clock_.advance(seconds{400});
  const EventId young = new_id();
  put(Family::dedup, "old", DedupEntry{.first = old, .newest = old, .collided = old}.encode());
  put(Family::dedup, "collided", DedupEntry{.first = old, .newest = old, .collided = young}.encode());
  put(Family::dedup, "content", DedupEntry{.first = old, .newest = young, .collided = old}.encode());
  put(Family::dedup, "only collided", DedupEntry{.first = {}, .newest = {}, .collided = young}.encode());
  compact(Family::dedup);
  EXPECT_FALSE(has(Family::dedup, "old"));
  EXPECT_TRUE(has(Family::dedup, "collided"));
  EXPECT_TRUE(has(Family::dedup, "content"));
  EXPECT_TRUE(has(Family::dedup, "only collided"));
}

TEST_F(WindowsTest, IdempotencyEntriesGoByTheirIdAndNotByTheirFingerprint) {
  std::string old{new_id().view()};
  old.append(16, '\xff');
  put(Family::idempotency, "old", old);
  clock_.advance(seconds{3100});
  std::string young{new_id().view()};
  young.append(16, '\0');
  put(Family::idempotency, "young", young);
  compact(Family::idempotency);
  EXPECT_FALSE(has(Family::idempotency, "old"));
  EXPECT_TRUE(has(Family::idempotency, "young"));
}

TEST_F(WindowsTest, AnEntryThatCannotBeReadStays) {
  put(Family::dedup, "torn", "123");
  clock_.advance(seconds{4000});
  compact(Family::dedup);
  EXPECT_TRUE(has(Family::dedup, "torn"));
}

TEST_F(WindowsTest, TracesGoOnceTheyAreTooOldByTheTimeThatWasSet) {
  const auto trace = [this] {
    return inbox::encode_record({.entry = {}, .acknowledgement = inbox::Acknowledgement{.at = clock_.now()}});
  };
  put(Family::traces, "old", trace());
  clock_.advance(seconds{1});
  put(Family::traces, "young", trace());
  put(Family::traces, "unreadable", "?");
  compact(Family::traces);
  EXPECT_TRUE(has(Family::traces, "old")) << "no time was set yet";
  *traces_begin_ = clock_.now();
  put(Family::traces, "new", trace());
  compact(Family::traces);
  EXPECT_FALSE(has(Family::traces, "old"));
  for (const char* key : {"young", "unreadable", "new"}) EXPECT_TRUE(has(Family::traces, key)) << key;
}

}  // namespace
}  // namespace triggers::store
