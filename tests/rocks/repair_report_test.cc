// The report of a repair names each file that is known to be missing or damaged, also where several are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "rocks/damaged_store.h"
#include "store/rocks/repair/repair.h"

namespace triggers::store {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing_support::restore;
using testing_support::snapshot;

enum class End : std::uint8_t { clean_stop, kill };

class RepairReports : public DamagedStore, public testing::WithParamInterface<End> {
 protected:
  void SetUp() override {
    {
      auto store = RocksStore::open(config_of("data")).value();
      fill(*store, 40);
      if (GetParam() == End::kill) snapshot_with_tables();
    }
    if (GetParam() == End::clean_stop) whole = snapshot(directory / "data");
  }

  std::vector<std::string> losses_of(const Snapshot& files) {
    restore(files, directory / "damaged");
    DatabaseConfig config;
    config.data_dir = directory / "damaged";
    config.memory_bytes = memory_bytes;
    std::filesystem::remove_all(directory / "repaired");
    const auto report = repair_store(config, directory / "repaired");
    EXPECT_TRUE(report) << report.error().message;
    return report ? report->losses : std::vector<std::string>{};
  }
  bool is_refused(const Snapshot& files) {
    restore(files, directory / "damaged");
    return !RocksStore::open(config_of("damaged", Access::read)).ok();
  }
  /// Files whose absence a start notices.
  std::vector<std::string> needed(const std::string& extension) {
    const auto names = noticed(extension);
    EXPECT_FALSE(names.empty());
    return names;
  }
  std::vector<std::string> noticed(const std::string& extension) {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : whole) {
      Snapshot files = whole;
      files.erase(name);
      if (name.ends_with(extension) && is_refused(files)) names.push_back(name);
    }
    return names;
  }
  /// RocksDB writes tables in the background, and a table counts only once the manifest names it. Files that change
  /// while they are read are no store.
  void snapshot_with_tables() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    do {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "no table was written";
      whole = snapshot(directory / "data");
    } while (is_refused(whole) || noticed(".sst").empty());
  }
  /// What else is damaged in these tests.
  std::vector<Snapshot> damaged_otherwise() {
    std::vector<Snapshot> all;
    for (const auto* lost : {"FORMAT", "db/CURRENT"}) {
      all.push_back(whole);
      EXPECT_EQ(all.back().erase(lost), 1U);
    }
    all.push_back(whole);
    all.back()["FORMAT"] = "?";
    all.push_back(whole);
    for (auto& [name, bytes] : all.back()) {
      if (name.ends_with(".log") && bytes.size() > 100) bytes[100] ^= 1;
    }
    return all;
  }
};

TEST_P(RepairReports, ATableThatIsMissingIsNamedWhateverElseIsDamaged) {
  const auto tables = needed(".sst");
  std::size_t other = 0;
  for (const Snapshot& damaged : damaged_otherwise()) {
    ++other;
    for (const auto& table : {tables.front(), tables.back()}) {
      Snapshot files = damaged;
      files.erase(table);
      EXPECT_THAT(losses_of(files), Contains(HasSubstr(table + " is missing"))) << other;
    }
  }
}

/// After a clean stop, tables of several families.
TEST_P(RepairReports, AllTablesThatAreMissingAreNamed) {
  const auto tables = needed(".sst");
  if (GetParam() == End::clean_stop) {
    EXPECT_GT(tables.size(), 1U);
  }
  std::size_t other = 0;
  for (Snapshot& damaged : damaged_otherwise()) {
    ++other;
    for (const auto& table : tables) damaged.erase(table);
    const auto losses = losses_of(damaged);
    for (const auto& table : tables) EXPECT_THAT(losses, Contains(HasSubstr(table + " is missing"))) << other;
  }
}

TEST_P(RepairReports, ALogThatIsMissingIsNamedWhateverElseIsDamaged) {
  const auto logs = needed(".log");
  const std::string number = std::to_string(std::stoul(logs.back().substr(logs.back().rfind('/') + 1)));
  for (const auto* lost : {"FORMAT", "db/CURRENT"}) {
    Snapshot files = whole;
    files.erase(lost);
    files.erase(logs.back());
    EXPECT_THAT(losses_of(files), Contains(testing::AnyOf(HasSubstr("log with the number " + number + " is missing"),
                                                          HasSubstr(logs.back() + " is missing"))))
        << lost;
  }
}

TEST_P(RepairReports, NothingIsNamedTwiceAndAManifestThatIsMissingIsNamed) {
  Snapshot files = whole;
  files.erase("FORMAT");
  files.erase("db/CURRENT");
  std::erase_if(files, [](const auto& file) { return file.first.starts_with("db/MANIFEST"); });
  auto losses = losses_of(files);
  for (const auto* name : {"FORMAT is missing", "db/CURRENT is missing", "MANIFEST"}) {
    EXPECT_THAT(losses, Contains(HasSubstr(name)));
  }
  std::ranges::sort(losses);
  EXPECT_EQ(std::ranges::adjacent_find(losses), losses.end());
}

/// Damage would have an operator repair a store that is whole.
TEST_P(RepairReports, AFileThatThisUserMayNotReadIsNotDamage) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  constexpr uid_t nobody = 65534;
  restore(whole, directory / "damaged");
  std::string closed;
  for (const auto& [name, bytes] : whole) {
    ASSERT_EQ(chown((directory / ("damaged/" + name)).c_str(), nobody, nobody), 0);
    if (name.ends_with(".sst")) closed = directory / ("damaged/" + name);
  }
  for (const std::string& path : {directory / "", directory / "damaged"}) {
    ASSERT_EQ(chown(path.c_str(), nobody, nobody), 0);
  }
  ASSERT_EQ(chown(closed.c_str(), 0, 0), 0);
  ASSERT_EQ(chmod(closed.c_str(), S_IRUSR), 0);
  ASSERT_EQ(seteuid(nobody), 0);
  const auto store = RocksStore::open(config_of("damaged"));
  DatabaseConfig config;
  config.data_dir = directory / "damaged";
  const auto report = repair_store(config, directory / "repaired");
  ASSERT_EQ(seteuid(0), 0);
  ASSERT_FALSE(store);
  ASSERT_FALSE(report);
  for (const auto& message : {store.error().message, report.error().message}) {
    EXPECT_THAT(message, HasSubstr("this user may not read " + closed));
    EXPECT_THAT(message, testing::Not(HasSubstr("is damaged")));
  }
}

/// As on a failing disk, which the system no longer lets anybody write to.
TEST_P(RepairReports, AStoreThatCannotBeWrittenToIsRepaired) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  constexpr uid_t nobody = 65534;
  Snapshot files = whole;
  files["db/LOCK"] = "";
  ASSERT_EQ(files.erase("db/CURRENT"), 1U);
  restore(files, directory / "damaged");
  for (const auto& [name, bytes] : files) {
    ASSERT_EQ(chown((directory / ("damaged/" + name)).c_str(), nobody, nobody), 0);
  }
  for (const std::string& path : {directory / "", directory / "damaged", directory / "damaged/db"}) {
    ASSERT_EQ(chown(path.c_str(), nobody, nobody), 0);
  }
  ASSERT_EQ(chmod((directory / "damaged/db/LOCK").c_str(), S_IRUSR), 0);
  DatabaseConfig config;
  config.data_dir = directory / "damaged";
  ASSERT_EQ(seteuid(nobody), 0);
  const auto report = repair_store(config, directory / "repaired");
  ASSERT_EQ(seteuid(0), 0);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->events, accepted.size());
}

INSTANTIATE_TEST_SUITE_P(After, RepairReports, testing::Values(End::clean_stop, End::kill),
                         [](const auto& tested) { return tested.param == End::kill ? "AKill" : "ACleanStop"; });

}  // namespace
}  // namespace triggers::store
