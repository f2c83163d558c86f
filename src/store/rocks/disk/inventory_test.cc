#include "store/rocks/disk/inventory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/rocks/disk/disk_space.h"
#include "store/rocks/test_directory.h"

namespace triggers::store {
namespace {

class InventoryTest : public testing::Test {
 protected:
  InventoryTest() {
    std::filesystem::create_directories(directory.path() + "/db");
    put("db/CURRENT", "MANIFEST-1\n");
    put("db/000007.sst", "a table");
    inventory.store_id = "an-id";
    inventory.closed = true;
    inventory.sequence = 42;
    EXPECT_TRUE(inventory.add(directory.path(), "db/CURRENT"));
    EXPECT_TRUE(inventory.add(directory.path(), "db/000007.sst"));
    EXPECT_TRUE(inventory.write(directory.path()));
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(directory.path() + "/" + name, std::ios::binary) << text;
  }
  [[nodiscard]] std::vector<std::string> wrong(std::uint64_t table_bytes_max = 1'000) const {
    return differences(inventory, directory.path(), table_bytes_max, true);
  }

  TestDirectory directory;
  Inventory inventory;
};

TEST_F(InventoryTest, IsReadAsItWasWritten) {
  const auto read = Inventory::read(directory.path());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->store_id, "an-id");
  EXPECT_TRUE(read->closed);
  EXPECT_EQ(read->sequence, 42U);
  EXPECT_EQ(read->files, inventory.files);
  EXPECT_TRUE(wrong().empty());
}

TEST_F(InventoryTest, IncompleteInventoryIsRefused) {
  std::ifstream file(Inventory::path(directory.path()), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  for (std::size_t place = 0; place < whole.size(); ++place) {
    put("INVENTORY", whole.substr(0, place));
    EXPECT_FALSE(Inventory::read(directory.path())) << place;
    std::string changed = whole;
    changed[place] = static_cast<char>(changed[place] ^ 1);
    put("INVENTORY", changed);
    EXPECT_FALSE(Inventory::read(directory.path())) << place;
  }
}

TEST_F(InventoryTest, EachDifferenceIsNamed) {
  put("db/CURRENT", "MANIFEST-2\n");
  EXPECT_EQ(wrong(), std::vector<std::string>{"db/CURRENT has other bytes than were written"});
  put("db/CURRENT", "MANIFEST-1\n");
  put("db/000007.sst", "a tab");
  EXPECT_EQ(wrong(), std::vector<std::string>{"db/000007.sst has 5 bytes instead of 7"});
  std::filesystem::remove(directory.path() + "/db/000007.sst");
  EXPECT_EQ(wrong(), std::vector<std::string>{"db/000007.sst is missing"});
}

TEST_F(InventoryTest, LogThatDoesNotBelongIsWrong) {
  put("db/000009.log", "");
  EXPECT_EQ(wrong(), std::vector<std::string>{"db/000009.log does not belong to the store as it was stopped"});
}

TEST_F(InventoryTest, TablesAreReadUpToTheirBoundOnly) {
  put("db/000007.sst", "A TABLE");
  EXPECT_EQ(wrong().size(), 1U);
  EXPECT_TRUE(wrong(6).empty());
}

TEST(DiskLevelTest, LevelEndsWithAQuarterMoreSpaceThanItBeganWith) {
  constexpr std::uint64_t mebibyte = 1024 * 1024;
  const auto level = [](std::uint64_t free_mebibytes, DiskLevel before) {
    return disk_level({.free_bytes = free_mebibytes * mebibyte, .total_bytes = 1'000 * mebibyte}, before);
  };
  EXPECT_EQ(level(101, DiskLevel::enough), DiskLevel::enough);
  EXPECT_EQ(level(99, DiskLevel::enough), DiskLevel::low);
  EXPECT_EQ(level(124, DiskLevel::low), DiskLevel::low);
  EXPECT_EQ(level(126, DiskLevel::low), DiskLevel::enough);
  EXPECT_EQ(level(19, DiskLevel::low), DiskLevel::very_low);
  EXPECT_EQ(level(24, DiskLevel::very_low), DiskLevel::very_low);
  EXPECT_EQ(level(26, DiskLevel::very_low), DiskLevel::low);
  EXPECT_EQ(disk_level({}, DiskLevel::enough), DiskLevel::enough);
}

TEST(DiskLevelTest, LargeDiskIsLowBelowTenGibibytes) {
  constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;
  EXPECT_EQ(disk_level({.free_bytes = 11 * gibibyte, .total_bytes = 10'000 * gibibyte}, DiskLevel::enough),
            DiskLevel::enough);
  EXPECT_EQ(disk_level({.free_bytes = 9 * gibibyte, .total_bytes = 10'000 * gibibyte}, DiskLevel::enough),
            DiskLevel::low);
  EXPECT_EQ(disk_level({.free_bytes = gibibyte, .total_bytes = 10'000 * gibibyte}, DiskLevel::enough),
            DiskLevel::very_low);
}

}  // namespace
}  // namespace triggers::store
