// Damage in the write-ahead log: the torn end that a crash leaves is replayed; any other damage, a copied log or a gap
// between two logs is refused. Damage in other files is in store_damage_test.cc; what repair does is in repair_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/sync_wait.h"
#include "store/rocks/repair/repair.h"
#include "store/rocks/rocks_store.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LogDamage : public testing::Test {
 protected:
  static constexpr std::size_t events = 40;

  /// Accepts events of `payload_bytes` each, and keeps what is on the disk while the store is still open: as a crash
  /// leaves it before the last of them was answered.
  void crash_after_events(std::size_t payload_bytes) {
    RocksConfig config = config_of("data");
    const auto store = RocksStore::open(config).value();
    for (std::size_t i = 0; i < events; ++i) {
      const Draft draft{.payload = R"({"number":)" + std::to_string(100 + i) + R"(,"fill":")" +
                                   std::string(payload_bytes, 'x') + R"("})"};
      if (i + 1 == events) fs::copy_file(directory / "data/WITNESS", directory / "witness");
      ASSERT_TRUE(sync_wait(store->append(tenant, draft.append())));
    }
    fs::copy(directory / "data", directory / "crashed", fs::copy_options::recursive);
    fs::rename(directory / "crashed/WITNESS", directory / "witness_of_all");
    fs::rename(directory / "witness", directory / "crashed/WITNESS");
    for (const auto& entry : fs::directory_iterator(directory / "crashed/db")) {
      if (entry.path().extension() == ".log" && fs::file_size(entry.path()) > 0) log = entry.path();
    }
    ASSERT_FALSE(log.empty());
    std::ifstream file(log, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }

  [[nodiscard]] std::size_t place_of(std::size_t event) const {
    const auto place = text.find("{\"number\":" + std::to_string(100 + event));
    EXPECT_NE(place, std::string::npos);
    return place;
  }
  void write_log() const { std::ofstream(log, std::ios::binary | std::ios::trunc) << text; }

  Result<std::unique_ptr<RocksStore>> open_crashed() { return RocksStore::open(config_of("crashed")); }
  /// How many events an opened store has.
  std::size_t opened() {
    auto store = open_crashed();
    EXPECT_TRUE(store.ok()) << store.error().message;
    return store.ok() ? (*store)->metrics().unacknowledged : 0;
  }

  RocksConfig config_of(const std::string& name) {
    RocksConfig config;
    config.data_dir = directory / name;
    config.memory_bytes = 32 * 1024 * 1024;
    config.background = false;
    return config;
  }

  testing_support::ScratchDirectory directory;
  Tenant tenant{"acme"};
  fs::path log;
  std::string text;
};

TEST_F(LogDamage, WholeLogIsReplayed) {
  crash_after_events(10);
  EXPECT_EQ(opened(), events);
}

TEST_F(LogDamage, OneBitInTheMiddleIsRefusedAndTheMessageSaysWhere) {
  for (const std::size_t payload_bytes : {10U, 100'000U}) {
    fs::remove_all(directory / "data");
    fs::remove_all(directory / "crashed");
    crash_after_events(payload_bytes);
    text[place_of(events / 2) + 3] ^= 1;
    write_log();
    const auto store = open_crashed();
    ASSERT_FALSE(store.ok()) << payload_bytes;
    EXPECT_EQ(store.error().code, ErrorCode::unavailable);
    EXPECT_THAT(store.error().message, HasSubstr("is damaged and was not opened"));
    EXPECT_THAT(store.error().message, HasSubstr(log.filename().string() + " cannot be read from byte "));
  }
}

TEST_F(LogDamage, LastBatchWithoutItsEndIsACrashAndNothingElseIsLost) {
  crash_after_events(100'000);  // Several blocks each.
  text.resize(place_of(events - 1) + 50'000);
  write_log();
  EXPECT_EQ(opened(), events - 1);
}

TEST_F(LogDamage, LastBatchThatWasAnsweredWithoutItsEndIsRefused) {
  crash_after_events(10);
  fs::rename(directory / "witness_of_all", directory / "crashed/WITNESS");
  text.resize(text.size() - 1);
  write_log();
  const auto store = open_crashed();
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message, HasSubstr("db/" + log.filename().string() + " can be read up to byte "));
  EXPECT_THAT(store.error().message, HasSubstr("triggers repair"));
}

TEST_F(LogDamage, LastBatchWithAHoleIsACrashAndNothingElseIsLost) {
  crash_after_events(100'000);
  // What is behind the hole reached the disk before what should be in it.
  std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(place_of(events - 1)), 40'000, '\0');
  write_log();
  EXPECT_EQ(opened(), events - 1);
}

TEST_F(LogDamage, CopyOfALogIsRefusedByItsNameAndRepairLeavesItOut) {
  for (const std::string name : {"000901.log", "000001.log"}) {
    fs::remove_all(directory / "data");
    fs::remove_all(directory / "crashed");
    fs::remove_all(directory / "repaired");
    crash_after_events(10);
    fs::copy_file(log, directory / ("crashed/db/" + name));
    const auto store = open_crashed();
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().code, ErrorCode::unavailable);
    EXPECT_THAT(store.error().message, HasSubstr("db/" + name));
    EXPECT_THAT(store.error().message, HasSubstr("one of them is a copy"));

    DatabaseConfig damaged;
    damaged.data_dir = directory / "crashed";
    const auto report = repair_store(damaged, directory / "repaired");
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->unacknowledged, events);
    EXPECT_TRUE(RocksStore::open(config_of("repaired")).ok());
  }
}

TEST_F(LogDamage, LogsThatDoNotJoinAreRefused) {
  // A log of a later time, whose numbers begin far behind the end of the store's own.
  crash_after_events(10);
  fs::rename(directory / "crashed", directory / "early");
  {
    const auto store = RocksStore::open(config_of("data")).value();
    for (std::size_t i = 0; i < 10; ++i) ASSERT_TRUE(sync_wait(store->append(tenant, numbered(1000 + i).append())));
  }
  crash_after_events(10);
  const auto later = directory / "early/db" / fs::path("000901.log");
  fs::copy_file(log, later);
  const auto store = RocksStore::open(config_of("early"));
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message, HasSubstr("db/000901.log begins with write "));
  EXPECT_THAT(store.error().message, HasSubstr("what was between them is missing"));
}

}  // namespace
}  // namespace triggers::store
