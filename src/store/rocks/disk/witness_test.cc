#include "store/rocks/disk/witness.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "store/rocks/test_directory.h"

namespace triggers::store {
namespace {

WitnessRecord record_of(std::uint64_t sequence) {
  WitnessRecord record;
  record.store_id.bytes[0] = 7;
  record.sequence = sequence;
  record.manifest = {5, 1'000};
  record.logs = {{12, 3'000}, {13, sequence}};
  return record;
}

class WitnessTest : public testing::Test {
 protected:
  WitnessTest() {
    EXPECT_TRUE(Witness::create(directory.path(), record_of(1)));
    const auto witness = Witness::open(directory.path()).value();
    EXPECT_TRUE(witness->write(record_of(2)));
    EXPECT_TRUE(witness->write(record_of(3)));
  }
  void flip(std::size_t place) const {
    std::fstream file(Witness::path(directory.path()), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(place));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(place));
    file.put(static_cast<char>(byte ^ 4));
  }
  [[nodiscard]] std::uint64_t sequence() const { return Witness::read(directory.path()).value().sequence; }

  static constexpr std::size_t page_bytes = 4096;
  TestDirectory directory;
};

TEST_F(WitnessTest, SaysWhatWasWrittenLast) {
  const auto record = Witness::read(directory.path()).value();
  EXPECT_EQ(record.store_id, record_of(3).store_id);
  EXPECT_EQ(record.sequence, 3U);
  EXPECT_EQ(record.manifest, (SyncedFile{5, 1'000}));
  EXPECT_EQ(record.logs, record_of(3).logs);
}

TEST_F(WitnessTest, GoesOnAfterItWasOpenedAgain) {
  EXPECT_TRUE(Witness::open(directory.path()).value()->write(record_of(4)));
  EXPECT_EQ(sequence(), 4U);
}

TEST_F(WitnessTest, WriteThatWasCutOffLeavesTheOneBeforeIt) {
  for (std::size_t place = 0; place < page_bytes; place += 8) {
    flip(place);
    const auto found = sequence();
    EXPECT_TRUE(found == 3 || found == 2) << place;
    flip(place);
  }
}

TEST_F(WitnessTest, PageWithoutAWholeSlotIsAnError) {
  flip(32);
  flip(page_bytes / 2 + 32);
  EXPECT_EQ(Witness::read(directory.path()).error().code, ErrorCode::unavailable);
}

TEST_F(WitnessTest, FileOfAnotherSizeIsAnError) {
  std::filesystem::resize_file(Witness::path(directory.path()), page_bytes - 1);
  EXPECT_EQ(Witness::read(directory.path()).error().code, ErrorCode::unavailable);
  std::filesystem::remove(Witness::path(directory.path()));
  EXPECT_EQ(Witness::read(directory.path()).error().code, ErrorCode::not_found);
}

TEST_F(WitnessTest, CutUnderItsWriterIsSeenAfterTheNextWrites) {
  const auto witness = Witness::open(directory.path()).value();
  std::filesystem::resize_file(Witness::path(directory.path()), 0);
  for (std::uint64_t sequence = 4; sequence < 8; ++sequence) EXPECT_TRUE(witness->write(record_of(sequence)));
  EXPECT_EQ(Witness::read(directory.path()).error().code, ErrorCode::unavailable);
}

TEST_F(WitnessTest, WriteThatFailsLeavesTheRecordBeforeIt) {
  const auto witness = Witness::open(directory.path()).value();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t bytes : {rlim_t{0}, rlim_t{100}, rlim_t{2'100}}) {  // A half-written slot, too.
    const rlimit limit{bytes, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const bool first = witness->write(record_of(99)).ok();
    const bool second = first && witness->write(record_of(99)).ok();
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_FALSE(second) << bytes;
    EXPECT_TRUE(sequence() == 3U || first) << bytes;
    EXPECT_TRUE(witness->write(record_of(3)));
  }
}

TEST_F(WitnessTest, OfVeryManyLogsTheNewestAreKept) {
  auto record = record_of(5);
  record.logs.clear();
  for (std::uint64_t number = 1; number <= 100; ++number) record.logs.push_back({number, 10});
  EXPECT_TRUE(Witness::open(directory.path()).value()->write(record));
  const auto kept = Witness::read(directory.path()).value().logs;
  EXPECT_EQ(kept.size(), Witness::logs_max);
  EXPECT_EQ(kept.back().number, 100U);
}

}  // namespace
}  // namespace triggers::store
