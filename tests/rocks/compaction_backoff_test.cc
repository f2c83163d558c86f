// A damaged block stops the compactions of its column family, for longer each time, and no writes.

#include "store/rocks/database/compaction_backoff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <string>
#include <thread>

#include "store/rocks/database/compaction_backoff.h"
#include "store/rocks/database/database.h"
#include "store/rocks/database/failure_listener.h"
#include "support/damage.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;
using testing_support::incompressible;

class CompactionBackoffTest : public testing::Test {
 protected:
  CompactionBackoffTest() {
    DatabaseConfig config;
    config.data_dir = directory_ / "data";
    database_ = std::move(Database::open(config)).value();
  }

  Status put(const std::string& key, const std::string& value) {
    rocksdb::WriteBatch batch;
    batch.Put(database_->family(Family::events), key, value);
    return database_->write(batch);
  }
  void flush() { ASSERT_TRUE(database_->db().Flush({}, database_->family(Family::events)).ok()); }
  [[nodiscard]] bool paused() const {
    return database_->db().GetOptions(database_->family(Family::events)).disable_auto_compactions;
  }
  void wait_for_failures_above(std::uint64_t count) {
    while (database_->damage().count() <= count) std::this_thread::yield();
  }

  const std::string marker = incompressible(30'000, 1);
  testing_support::ScratchDirectory directory_;
  std::unique_ptr<Database> database_;
};

TEST_F(CompactionBackoffTest, ADamagedBlockStopsTheCompactionsOfItsFamilyAndNoWrites) {
  const auto now = std::chrono::steady_clock::time_point{std::chrono::hours{1}};
  // Files that overlap, as many as begin a compaction (RocksDB's level0_file_num_compaction_trigger is 4).
  for (int file = 0; file < 3; ++file) {
    ASSERT_TRUE(put("a", incompressible(30'000, 100 + static_cast<unsigned>(file))));
    ASSERT_TRUE(put("m" + std::to_string(file), file == 0 ? marker : "value"));
    ASSERT_TRUE(put("z", incompressible(30'000, 200 + static_cast<unsigned>(file))));
    flush();
  }
  ASSERT_EQ(testing_support::damage_table_with(marker, directory_ / "data"), 1);
  ASSERT_TRUE(put("b", "value"));
  flush();
  wait_for_failures_above(0);
  const auto messages = database_->damage().take();
  ASSERT_FALSE(messages.empty());
  EXPECT_THAT(messages.front(), HasSubstr("compaction of events"));
  EXPECT_THAT(messages.front(), HasSubstr(".sst"));

  EXPECT_TRUE(database_->health().writable) << database_->health().problem;
  EXPECT_TRUE(put("c", "value"));
  rocksdb::PinnableSlice value;
  EXPECT_TRUE(*database_->get(Family::events, "b", value));
  EXPECT_FALSE(database_->get(Family::events, "m0", value));

  database_->tend_compactions(now);
  EXPECT_TRUE(paused());
  // Far more files than RocksDB holds writers up for (36), if it were to compact them.
  for (int file = 0; file < 40; ++file) {
    ASSERT_TRUE(put("f" + std::to_string(file), "value"));
    flush();
  }
  EXPECT_TRUE(put("d", "value"));

  database_->tend_compactions(now + minutes{1} - std::chrono::seconds{1});
  EXPECT_TRUE(paused());
  const auto failures = database_->damage().count();
  database_->tend_compactions(now + minutes{1});
  EXPECT_FALSE(paused());
  wait_for_failures_above(failures);
  database_->tend_compactions(now + minutes{2});
  EXPECT_TRUE(paused());
  database_->tend_compactions(now + minutes{3});  // The second pause is twice as long.
  EXPECT_TRUE(paused());
  EXPECT_TRUE(database_->health().writable) << database_->health().problem;
}

TEST_F(CompactionBackoffTest, ASuccessfulCompactionResetsTheNextPause) {
  auto now = std::chrono::steady_clock::time_point{std::chrono::hours{1}};
  auto* const family = database_->family(Family::events);
  CompactionBackoff backoff;
  const auto listener = make_failure_listener([](const std::string&) {}, database_->damage(), backoff);
  const auto tell = [&](const rocksdb::Status& status, std::uint64_t records) {
    rocksdb::CompactionJobInfo info;
    info.cf_id = family->GetID();
    info.status = status;
    info.stats.num_input_records = records;
    listener->OnCompactionCompleted(&database_->db(), info);
  };
  const auto next_pause = [&] {
    tell(rocksdb::Status::Corruption("a block"), 1);
    backoff.tend(database_->db(), *family, now);
    minutes minutes_paused{0};
    for (; paused(); ++minutes_paused) backoff.tend(database_->db(), *family, now += minutes{1});
    return minutes_paused;
  };
  EXPECT_EQ(next_pause(), minutes{1});
  EXPECT_EQ(next_pause(), minutes{2});
  tell(rocksdb::Status::OK(), 0);
  EXPECT_EQ(next_pause(), minutes{4}) << "a table that was only moved proves nothing";
  tell(rocksdb::Status::OK(), 100);
  EXPECT_EQ(next_pause(), minutes{1});
  EXPECT_EQ(next_pause(), minutes{2});
}

TEST_F(CompactionBackoffTest, WithoutSpaceThePauseLastsOn) {
  auto now = std::chrono::steady_clock::time_point{std::chrono::hours{1}};
  auto* const family = database_->family(Family::events);
  CompactionBackoff backoff;
  const auto tend = [&](bool has_space) { backoff.tend(database_->db(), *family, now, has_space); };
  tend(true);
  EXPECT_FALSE(paused());
  tend(false);
  EXPECT_TRUE(paused());
  backoff.note_failure(family->GetID());
  tend(false);
  now += minutes{1};
  tend(false);
  EXPECT_TRUE(paused()) << "the wait after the failure is over, but there is no space";
  tend(true);
  EXPECT_FALSE(paused());
  backoff.note_failure(family->GetID());
  tend(true);
  EXPECT_TRUE(paused()) << "there is space, but it has failed";
}

TEST_F(CompactionBackoffTest, AStoreThatIsKilledAfterPausesStarts) {
  // RocksDB writes its OPTIONS anew at each change, and removes the older files.
  const auto now = std::chrono::steady_clock::time_point{std::chrono::hours{1}};
  auto* const family = database_->family(Family::events);
  for (int i = 0; i < 3; ++i) {
    CompactionBackoff backoff;
    backoff.note_failure(family->GetID());
    backoff.tend(database_->db(), *family, now);
    backoff.tend(database_->db(), *family, now + minutes{1});
  }
  // As a kill leaves it: the database is still open.
  std::filesystem::copy(directory_ / "data", directory_ / "killed", std::filesystem::copy_options::recursive);
  DatabaseConfig config;
  config.data_dir = directory_ / "killed";
  const auto killed = Database::open(config);
  EXPECT_TRUE(killed) << killed.error().message;
}

}  // namespace
}  // namespace triggers::store
