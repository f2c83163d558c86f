// What RocksDB makes of a key that is put again after a SingleDelete. An entry of `pending` that comes back is such a
// key, and these answers decide how it may be removed: docs/storage-format.md.

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>
#include <vector>

namespace triggers::store {
namespace {

enum class Step { put, single_delete, remove };

using Steps = std::vector<Step>;

/// A database with one key, in which each step is a table of its own. No compaction runs by itself.
class Tables {
 public:
  Tables() {
    rocksdb::Options options;
    options.env = env_.get();
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(options, "/db", &db);
    EXPECT_TRUE(status.ok()) << status.ToString();
    db_.reset(db);
  }

  void take(Step step) {
    switch (step) {
      case Step::put: expect_ok(db_->Put({}, key_, std::to_string(++puts_))); break;
      case Step::single_delete: expect_ok(db_->SingleDelete({}, key_)); break;
      case Step::remove: expect_ok(db_->Delete({}, key_)); break;
    }
    expect_ok(db_->Flush({}));
  }
  /// Makes all tables one table of the lowest level.
  void sink() {
    rocksdb::CompactRangeOptions options;
    options.change_level = true;
    options.target_level = lowest_level;
    expect_ok(db_->CompactRange(options, nullptr, nullptr));
  }
  /// Compacts everything above the lowest level into one table of a level above it.
  void compact_upper() {
    std::vector<rocksdb::LiveFileMetaData> tables;
    db_->GetLiveFilesMetaData(&tables);
    std::vector<std::string> upper;
    for (const auto& table : tables) {
      if (table.level < lowest_level) upper.push_back(table.name);
    }
    if (!upper.empty()) expect_ok(db_->CompactFiles({}, upper, lowest_level - 1));
  }
  /// The number of the put that a reader sees; 0: none.
  std::size_t seen() {
    std::string value;
    const auto status = db_->Get({}, key_, &value);
    if (status.IsNotFound()) return 0;
    expect_ok(status);
    return std::stoul(value);
  }

 private:
  static constexpr int lowest_level = 6;

  static void expect_ok(const rocksdb::Status& status) { EXPECT_TRUE(status.ok()) << status.ToString(); }

  const std::unique_ptr<rocksdb::Env> env_{rocksdb::NewMemEnv(rocksdb::Env::Default())};
  const std::string key_ = "a";
  std::unique_ptr<rocksdb::DB> db_;
  std::size_t puts_ = 0;
};

/// Takes the steps. Bit i of `compacted`: compacts the upper tables behind step i. Bit i of `sunk`: moves everything to
/// the lowest level instead.
std::size_t seen_after(const Steps& steps, unsigned compacted, unsigned sunk) {
  Tables tables;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    tables.take(steps[i]);
    if ((sunk >> i & 1U) != 0) {
      tables.sink();
    } else if ((compacted >> i & 1U) != 0) {
      tables.compact_upper();
    }
  }
  return tables.seen();
}

/// Expects the same sight after every choice of compactions.
void expect_seen(const Steps& steps, std::size_t put) {
  const unsigned choices = 1U << steps.size();
  for (unsigned choice = 0; choice < choices; ++choice) {
    EXPECT_EQ(seen_after(steps, choice, 1), put) << "compacted behind the steps of the bits in " << choice;
    EXPECT_EQ(seen_after(steps, 0, choice), put) << "sunk behind the steps of the bits in " << choice;
  }
}

/// Why nothing may put an entry that is there: SingleDelete takes away one put, and the other one comes back.
TEST(SingleDelete, OfAKeyThatWasPutTwiceBringsTheFirstPutBack) {
  Tables tables;
  tables.take(Step::put);
  tables.sink();
  tables.take(Step::put);
  tables.take(Step::single_delete);
  EXPECT_EQ(tables.seen(), 0U);
  tables.compact_upper();
  EXPECT_EQ(tables.seen(), 1U);
}

/// A newer put does not make a compaction drop the SingleDelete below it, so the put before that stays removed.
TEST(SingleDelete, OfAKeyThatWasPutAgainAfterItLeavesNothingWhateverIsCompacted) {
  expect_seen({Step::put, Step::single_delete, Step::put, Step::single_delete, Step::put, Step::single_delete}, 0);
  expect_seen({Step::put, Step::single_delete, Step::put, Step::single_delete, Step::put}, 3);
}

/// The rule for `pending` relies on less: SingleDelete removes only what was put for the first time, Delete the rest.
TEST(SingleDelete, OfTheFirstPutAndDeleteOfLaterOnesLeaveNothingWhateverIsCompacted) {
  expect_seen({Step::put, Step::single_delete, Step::put, Step::remove, Step::put, Step::remove}, 0);
  expect_seen({Step::put, Step::single_delete, Step::put, Step::remove, Step::put}, 3);
}

}  // namespace
}  // namespace triggers::store
