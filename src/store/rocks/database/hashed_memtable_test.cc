#include "store/rocks/database/hashed_memtable.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <iterator>
#include <map>
#include <random>
#include <string>

#include "store/rocks/test_directory.h"

namespace triggers::store {
namespace {

/// A database whose memtable is a HashedMemtable, and a map that says what must be in it.
class HashedMemtableTest : public testing::Test {
 protected:
  HashedMemtableTest() {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.memtable_factory = make_hashed_memtable(1000);
    options.allow_concurrent_memtable_write = false;
    rocksdb::DB* raw = nullptr;
    const auto opened = rocksdb::DB::Open(options, directory_.path() + "/memtable", &raw);
    EXPECT_TRUE(opened.ok()) << opened.ToString();
    database_.reset(raw);
  }

  void put(const std::string& key, const std::string& value) {
    ASSERT_TRUE(database_->Put({}, key, value).ok());
    expected_[key] = value;
  }
  void remove(const std::string& key) {
    ASSERT_TRUE(database_->Delete({}, key).ok());
    expected_.erase(key);
  }
  std::string get(const std::string& key) {
    std::string value;
    return database_->Get({}, key, &value).ok() ? value : "";
  }
  void expect_all() {
    for (const auto& [key, value] : expected_) ASSERT_EQ(get(key), value);
    const std::unique_ptr<rocksdb::Iterator> iterator(database_->NewIterator({}));
    auto place = expected_.begin();
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++place) {
      ASSERT_NE(place, expected_.end());
      ASSERT_EQ(iterator->key().ToString(), place->first);
      ASSERT_EQ(iterator->value().ToString(), place->second);
    }
    ASSERT_EQ(place, expected_.end());
    auto back = expected_.rbegin();
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev(), ++back) {
      ASSERT_NE(back, expected_.rend());
      ASSERT_EQ(iterator->key().ToString(), back->first);
    }
    ASSERT_EQ(back, expected_.rend());
  }
  void flush() { ASSERT_TRUE(database_->Flush({}).ok()); }

  /// Keys of every length, spread and crowded, some written twice and some removed.
  void fill(std::mt19937_64& random, int count) {
    for (int i = 0; i < count; ++i) {
      std::string key(random() % 20, '\0');
      for (char& byte : key) byte = static_cast<char>(random());
      if (random() % 4 == 0) key.insert(0, "crowd");
      put(key, std::to_string(i));
      if (random() % 5 == 0) put(key, "again");
      if (random() % 5 == 0 && !expected_.empty())
        remove(std::next(expected_.begin(), static_cast<long>(random() % expected_.size()))->first);
    }
  }

  std::map<std::string, std::string> expected_;
  TestDirectory directory_;
  std::unique_ptr<rocksdb::DB> database_;
};

TEST_F(HashedMemtableTest, FindsWhatWasPutAndNothingElse) {
  EXPECT_EQ(get("a"), "");
  put("a", "1");
  put("aaaaaaaa", "2");
  put("aaaaaaaab", "3");
  put(std::string("aaaaaaaa\0", 9), "4");
  put("", "5");
  EXPECT_EQ(get("b"), "");
  EXPECT_EQ(get("aaaaaaaac"), "");
  expect_all();
}

TEST_F(HashedMemtableTest, WalksInOrderWhateverTheKeysBeforeAndAfterAFlush) {
  std::mt19937_64 random(7);
  fill(random, 3000);
  expect_all();
  flush();
  expect_all();
  fill(random, 1000);
  expect_all();
}

TEST_F(HashedMemtableTest, SeeksToTheNextKeyInBothDirections) {
  std::mt19937_64 random(11);
  fill(random, 500);
  const std::unique_ptr<rocksdb::Iterator> iterator(database_->NewIterator({}));
  for (int i = 0; i < 500; ++i) {
    std::string key(1 + random() % 10, '\0');
    for (char& byte : key) byte = static_cast<char>(random());
    const auto after = expected_.lower_bound(key);
    iterator->Seek(key);
    ASSERT_EQ(iterator->Valid(), after != expected_.end());
    if (iterator->Valid()) {
      ASSERT_EQ(iterator->key().ToString(), after->first);
    }
    iterator->SeekForPrev(key);
    const auto at_or_before = expected_.upper_bound(key);
    ASSERT_EQ(iterator->Valid(), at_or_before != expected_.begin());
    if (iterator->Valid()) {
      ASSERT_EQ(iterator->key().ToString(), std::prev(at_or_before)->first);
    }
  }
}

TEST_F(HashedMemtableTest, ASnapshotSeesTheOlderEntry) {
  put("key", "old");
  const auto* snapshot = database_->GetSnapshot();
  put("key", "new");
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string value;
  ASSERT_TRUE(database_->Get(options, "key", &value).ok());
  EXPECT_EQ(value, "old");
  EXPECT_EQ(get("key"), "new");
  database_->ReleaseSnapshot(snapshot);
}

}  // namespace
}  // namespace triggers::store
