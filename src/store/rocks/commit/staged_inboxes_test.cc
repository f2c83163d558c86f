#include "store/rocks/commit/staged_inboxes.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/clock.h"
#include "base/uuid7.h"
#include "store/rocks/test_directory.h"

namespace triggers::store {
namespace {

class StagedInboxesTest : public testing::Test {
 protected:
  /// Commits `count` new events into an inbox.
  void commit(InboxState& inbox, int count) {
    staged_.begin();
    for (int i = 0; i < count; ++i) staged_.add(inbox, next_id());
    staged_.keep();
    staged_.publish();
    staged_.begin();
  }
  void remove(InboxState& inbox) { --staged_.change(inbox).count; }
  EventId next_id() { return ids_.next(Clock::system().now()); }

  Uuid7Generator ids_;
  InboxState one_{"acme", "default"}, other_{"acme", "other"};
  StagedInboxes staged_;
};

TEST_F(StagedInboxesTest, NobodySeesAChangeBeforeItIsPublished) {
  staged_.begin();
  const EventId id = next_id();
  staged_.add(one_, id);
  staged_.add(one_, next_id());
  EXPECT_EQ(one_.count(), 0U);
  EXPECT_EQ(one_.head().id, EventId{});
  staged_.publish();
  EXPECT_EQ(one_.count(), 2U);
  EXPECT_EQ(one_.head().id, id);
}

TEST_F(StagedInboxesTest, UndoTakesBackEveryInboxButOnlyWhatWasNotKept) {
  commit(one_, 5);
  commit(other_, 1);
  const EventId head = one_.head().id;
  ASSERT_TRUE(other_.take_head_changed());
  remove(one_);
  staged_.keep();
  remove(one_);
  remove(other_);
  staged_.add(other_, next_id());
  remove(one_);
  EXPECT_EQ(one_.staged.count, 2U);
  staged_.undo();
  EXPECT_EQ(one_.staged.count, 4U);
  EXPECT_EQ(other_.staged.count, 1U);
  staged_.publish();
  EXPECT_EQ(one_.count(), 4U);
  EXPECT_EQ(one_.head().id, head);
  EXPECT_EQ(other_.count(), 1U);
  EXPECT_FALSE(other_.head_changed());
}

TEST_F(StagedInboxesTest, AnInboxIsTouchedAgainAfterItsFirstChangeWasUndone) {
  staged_.begin();
  staged_.add(one_, next_id());
  staged_.undo();
  EXPECT_FALSE(one_.staged.touched);
  staged_.add(one_, next_id());
  staged_.keep();
  staged_.publish();
  EXPECT_EQ(one_.count(), 1U);
}

TEST_F(StagedInboxesTest, DiscardGoesBackToWhatIsPublished) {
  commit(one_, 3);
  remove(one_);
  staged_.add(other_, next_id());
  staged_.keep();
  staged_.discard();
  staged_.begin();
  EXPECT_EQ(one_.staged.count, 3U);
  EXPECT_EQ(other_.staged.count, 0U);
  staged_.add(other_, next_id());
  staged_.publish();
  EXPECT_EQ(other_.count(), 1U);
  EXPECT_EQ(one_.count(), 3U);
}

TEST_F(StagedInboxesTest, PutsTheCountersOfEachTouchedInboxOnce) {
  const TestDirectory directory;
  DatabaseConfig config;
  config.data_dir = directory.path();
  const auto database = Database::open(config).value();
  commit(one_, 2);
  remove(one_);
  remove(one_);
  staged_.add(other_, next_id());
  rocksdb::WriteBatch batch;
  staged_.put(*database, batch);
  EXPECT_EQ(batch.Count(), 2);
  ASSERT_TRUE(database->write(batch));
  rocksdb::PinnableSlice value;
  ASSERT_TRUE(*database->get(Family::meta, one_.meta_key(), value));
  EXPECT_EQ(InboxState::decode_count({value.data(), value.size()}), 0U);
  value.Reset();
  ASSERT_TRUE(*database->get(Family::meta, other_.meta_key(), value));
  EXPECT_EQ(InboxState::decode_count({value.data(), value.size()}), 1U);
}

}  // namespace
}  // namespace triggers::store
