#include "store/rocks/disk/disk_reserve.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace triggers::store {
namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;

DiskSpace space(std::uint64_t free_mebibytes, std::uint64_t total_mebibytes = 100'000) {
  return {.free_bytes = free_mebibytes * mebibyte, .total_bytes = total_mebibytes * mebibyte};
}

TEST(DiskReserveTest, RefusalEndsWithAQuarterMoreSpaceThanItBeganWith) {
  DiskReserve reserve(1'000 * mebibyte);
  EXPECT_TRUE(reserve.has_room()) << "nothing was measured yet";
  reserve.measured(space(1'001));
  EXPECT_TRUE(reserve.has_room());
  reserve.measured(space(1'000));
  EXPECT_FALSE(reserve.has_room());
  reserve.measured(space(1'250));
  EXPECT_FALSE(reserve.has_room());
  reserve.measured(space(1'251));
  EXPECT_TRUE(reserve.has_room());
  reserve.measured(space(1'001));
  EXPECT_TRUE(reserve.has_room());
}

TEST(DiskReserveTest, WhatIsWrittenBetweenTwoMeasurementsCounts) {
  DiskReserve reserve(1'000 * mebibyte);
  reserve.measured(space(1'010));
  // It takes the log, and as much again as a table.
  reserve.written(4 * mebibyte);
  EXPECT_TRUE(reserve.has_room());
  reserve.written(mebibyte);
  EXPECT_FALSE(reserve.has_room());
  reserve.measured(space(1'010));
  EXPECT_FALSE(reserve.has_room()) << "a refusal that has begun ends with a quarter more";
}

TEST(DiskReserveTest, TablesThatReplaceTheLogsMustFit) {
  DiskReserve reserve(1'024 * mebibyte);
  DiskSpace small = space(16, 24);
  small.logs_bytes = 8 * mebibyte;
  reserve.measured(small);
  EXPECT_TRUE(reserve.has_room());
  small.logs_bytes = 12 * mebibyte;
  reserve.measured(small);
  EXPECT_FALSE(reserve.has_room());
  small.logs_bytes = 0;
  reserve.measured(small);
  EXPECT_TRUE(reserve.has_room()) << "they were written";
}

TEST(DiskReserveTest, OnASmallDiskItIsAQuarter) {
  const DiskReserve reserve(1'024 * mebibyte);
  EXPECT_EQ(reserve.bytes(24 * mebibyte), 6 * mebibyte);
  EXPECT_EQ(reserve.bytes(900 * mebibyte), 225 * mebibyte);
  EXPECT_EQ(reserve.bytes(4'096 * mebibyte), 1'024 * mebibyte);
  EXPECT_EQ(reserve.bytes(400'000 * mebibyte), 1'024 * mebibyte);
}

TEST(DiskReserveTest, WithoutAReserveOrAMeasurementThereIsRoom) {
  DiskReserve none(0);
  none.measured(space(0));
  none.written(mebibyte);
  EXPECT_TRUE(none.has_room());
  DiskReserve unknown(1'000 * mebibyte);
  unknown.written(mebibyte);
  EXPECT_TRUE(unknown.has_room());
  unknown.measured({});
  EXPECT_TRUE(unknown.has_room());
}

}  // namespace
}  // namespace triggers::store
