#include "store/rocks/disk/table_size_check.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <memory>

#include "store/rocks/test_directory.h"

namespace triggers::store {
namespace {

class TableSizeCheckTest : public testing::Test {
 protected:
  TableSizeCheckTest() {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    rocksdb::DB* made = nullptr;
    EXPECT_TRUE(rocksdb::DB::Open(options, directory.path() + "/db", &made).ok());
    db.reset(made);
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(db->Put({}, std::to_string(i), "value").ok());
      EXPECT_TRUE(db->Flush({}).ok());
    }
  }
  std::size_t checks_until_a_problem(TableSizeCheck& check, std::size_t checks_max) const {
    for (std::size_t checks = 1; checks <= checks_max; ++checks) {
      if (!check.check_next(*db).empty()) return checks;
    }
    return 0;
  }

  TestDirectory directory;
  std::unique_ptr<rocksdb::DB> db;
};

TEST_F(TableSizeCheckTest, EveryTableIsReachedInARoundOfItsBound) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  db->GetLiveFilesMetaData(&tables);
  ASSERT_EQ(tables.size(), 10U);
  std::size_t latest = 0;
  for (const auto& table : tables) {
    TableSizeCheck check(directory.path() + "/db", 3);
    const auto path = directory.path() + "/db" + table.name;
    std::filesystem::rename(path, path + ".away");
    const auto checks = checks_until_a_problem(check, 4);
    EXPECT_GT(checks, 0U) << table.name;
    latest = std::max(latest, checks);
    std::filesystem::rename(path + ".away", path);
  }
  EXPECT_EQ(latest, 4U);  // No more than three at a time.
}

TEST_F(TableSizeCheckTest, TablesThatACompactionRemovesAreNoProblem) {
  TableSizeCheck check(directory.path() + "/db", 3);
  EXPECT_EQ(check.check_next(*db), "");
  ASSERT_TRUE(db->CompactRange({}, nullptr, nullptr).ok());
  EXPECT_EQ(checks_until_a_problem(check, 8), 0U);
}

TEST_F(TableSizeCheckTest, CutTableIsNamed) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  db->GetLiveFilesMetaData(&tables);
  const auto path = directory.path() + "/db" + tables[5].name;
  std::filesystem::resize_file(path, 10);
  TableSizeCheck check(directory.path() + "/db");
  EXPECT_EQ(check.check_next(*db), path + " is gone or was cut");
}

}  // namespace
}  // namespace triggers::store
