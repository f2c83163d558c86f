#include "store/rocks/disk/disk_space.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace triggers::store {
namespace {

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

TEST(DiskLevelTest, OperatorIsWarnedBeforeEventsAreRefused) {
  const auto level = [](std::uint64_t free_bytes) {
    return disk_level({.free_bytes = free_bytes, .total_bytes = 1'000, .reserve_bytes = 250}, DiskLevel::enough);
  };
  EXPECT_EQ(level(500), DiskLevel::enough);
  EXPECT_EQ(level(499), DiskLevel::low);
  EXPECT_EQ(level(250), DiskLevel::low);
  EXPECT_EQ(level(249), DiskLevel::very_low);
}

}  // namespace
}  // namespace triggers::store
