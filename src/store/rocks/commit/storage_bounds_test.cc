#include "store/rocks/commit/storage_bounds.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <string>

#include "store/rocks/format/layout.h"
#include "store/rocks/test_directory.h"

namespace triggers::store {
namespace {

class StorageBoundsTest : public testing::Test {
 protected:
  StorageBoundsTest() {
    DatabaseConfig config;
    config.data_dir = directory_.path();
    database_ = Database::open(config).value();
  }

  static IncomingEvent event(std::string_view payload) {
    IncomingEvent event;
    event.event_type = "t";
    event.payload = payload;
    return event;
  }
  /// What event("") counts.
  static constexpr std::uint64_t smallest = stored_event_overhead_bytes + 1;

  /// The counters that put() would write.
  static std::size_t puts(const StorageBounds& bounds) {
    rocksdb::WriteBatch batch;
    bounds.put(batch);
    return static_cast<std::size_t>(batch.Count());
  }

  const TestDirectory directory_;
  std::unique_ptr<Database> database_;
  TenantState tenant_{"acme"}, other_{"other"};
};

TEST_F(StorageBoundsTest, AnEventThatFillsTheLimitIsTakenAndOneByteMoreIsNot) {
  StorageBounds bounds(*database_, {.bytes_max = 2 * smallest + 3}, {});
  bounds.begin();
  bounds.stored("acme", event(""));
  EXPECT_EQ(bounds.refuses(tenant_, event("123"), 1), std::nullopt);
  EXPECT_EQ(bounds.refuses(tenant_, event("1234"), 1), StorageLimit::tenant_bytes);
  EXPECT_EQ(bounds.refuses(other_, event("1234"), 1), std::nullopt) << "another tenant's events count";
}

TEST_F(StorageBoundsTest, ALimitThatIsLowerThanWhatIsStoredRefusesUntilEventsAreRemoved) {
  StorageBounds bounds(*database_, {.bytes_max = 2 * smallest}, {{"acme", 5 * smallest}});
  bounds.begin();
  EXPECT_EQ(bounds.refuses(tenant_, event(""), 1), StorageLimit::tenant_bytes);
  bounds.removed("acme", 4 * smallest);
  EXPECT_EQ(bounds.refuses(tenant_, event(""), 1), std::nullopt);
}

TEST_F(StorageBoundsTest, UndoTakesBackOnlyWhatWasNotKept) {
  StorageBounds bounds(*database_, {.bytes_max = 3 * smallest}, {});
  bounds.begin();
  bounds.stored("acme", event(""));
  bounds.keep();
  bounds.stored("acme", event(""));
  bounds.stored("other", event(""));
  bounds.stored("acme", event(""));
  EXPECT_EQ(bounds.refuses(tenant_, event(""), 1), StorageLimit::tenant_bytes);
  bounds.undo();
  EXPECT_EQ(puts(bounds), 1U);
  bounds.stored("acme", event(""));
  EXPECT_EQ(bounds.refuses(tenant_, event(""), 1), std::nullopt);
  bounds.keep();
  bounds.publish();
  EXPECT_EQ(bounds.total_bytes(), 2 * smallest);
  EXPECT_EQ(puts(bounds), 0U);
}

TEST_F(StorageBoundsTest, ACommitThatWasNotWrittenChangesNothing) {
  StorageBounds bounds(*database_, {.bytes_max = 3 * smallest}, {{"acme", 2 * smallest}});
  bounds.begin();
  bounds.stored("acme", event(""));
  bounds.removed("acme", smallest);
  bounds.stored("other", event(""));
  bounds.keep();
  bounds.discard();
  EXPECT_EQ(bounds.total_bytes(), 2 * smallest);
  bounds.begin();
  EXPECT_EQ(puts(bounds), 0U);
  EXPECT_EQ(bounds.refuses(tenant_, event(""), 1), std::nullopt);
  EXPECT_EQ(bounds.refuses(tenant_, event("1"), 1), StorageLimit::tenant_bytes);
}

TEST_F(StorageBoundsTest, UndeliveredEntriesCountInEveryInboxThatTakesTheEvent) {
  StorageBounds bounds(*database_, {.undelivered_max = 5}, {});
  bounds.begin();
  tenant_.default_inbox().staged.count = 3;
  EXPECT_EQ(bounds.refuses(tenant_, event(""), 2), std::nullopt);
  EXPECT_EQ(bounds.refuses(tenant_, event(""), 3), StorageLimit::tenant_undelivered);
  EXPECT_EQ(bounds.refuses(other_, event(""), 3), std::nullopt);
  tenant_.default_inbox().staged.count = 9;
  EXPECT_EQ(bounds.refuses(tenant_, event(""), 0), std::nullopt) << "no inbox takes it";
}

TEST_F(StorageBoundsTest, WithoutALimitNothingIsCountedOrWritten) {
  StorageBounds bounds(*database_, {}, {});
  bounds.begin();
  bounds.stored("acme", event(std::string(1'000'000, 'x')));
  bounds.removed("acme", 5);
  EXPECT_EQ(puts(bounds), 0U);
  bounds.publish();
  EXPECT_EQ(bounds.total_bytes(), 0U);
  EXPECT_EQ(bounds.refuses(tenant_, event(""), 100), std::nullopt);
}

}  // namespace
}  // namespace triggers::store
