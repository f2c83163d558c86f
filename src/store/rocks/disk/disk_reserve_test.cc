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
  reserve.written(9 * mebibyte);
  EXPECT_TRUE(reserve.has_room());
  reserve.written(mebibyte);
  EXPECT_FALSE(reserve.has_room());
  reserve.measured(space(1'010));
  EXPECT_FALSE(reserve.has_room()) << "a refusal that has begun ends with a quarter more";
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
