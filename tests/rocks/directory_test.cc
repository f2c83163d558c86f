// A store's directory: changes while it is open, stores that were cut off while being made, version 1, read-only
// opening, and repair. Damage in single files is in log_damage_test.cc and store_damage_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/sync_wait.h"
#include "store/rocks/repair/repair.h"
#include "store/rocks/rocks_store.h"
#include "support/directory_snapshot.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Directory : public testing::Test {
 protected:
  RocksConfig config_of(const std::string& name, bool background = false) {
    RocksConfig config;
    config.data_dir = directory / name;
    config.memory_bytes = 32 * 1024 * 1024;
    config.background = background;
    return config;
  }
  Result<Appended> append(RocksStore& store, std::size_t number) {
    const Draft draft = numbered(number);
    return sync_wait(store.append(tenant, draft.append()));
  }
  std::size_t unacknowledged(RocksStore& store) {
    const Page page = sync_wait(store.page(tenant, {.limit = 200})).value();
    EXPECT_EQ(page.total_unacknowledged, page.events.size());
    return page.events.size();
  }
  /// Its live log.
  [[nodiscard]] fs::path log_of(const std::string& name) {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(directory / (name + "/db"))) {
      if (entry.path().extension() == ".log") newest = std::max(newest, entry.path());
    }
    return newest;
  }
  /// What release 0.1.0 left after a kill: 12 events of the tenant, two of them acknowledged; half of it in the log.
  void unpack_version_1() {
    const std::string command =
        std::string{"tar -xzf '"} + TRIGGERS_VERSION_1_STORE + "' -C '" + (directory / "") + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  testing_support::ScratchDirectory directory;
  const Tenant tenant{"acme"};
};

/// Into the file that is there.
void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// A change to the files of an open store.
struct Change {
  const char* name;
  std::function<void(const fs::path& data, const fs::path& log)> make;
};

class OpenDirectory : public Directory, public testing::WithParamInterface<Change> {};

TEST_P(OpenDirectory, ChangeIsNoticedAtTheNextLookAndNothingIsAcceptedAfterIt) {
  const auto store = RocksStore::open(config_of("data", false)).value();
  ASSERT_TRUE(append(*store, 0));
  GetParam().make(directory / "data", log_of("data"));
  store->check_files();
  EXPECT_FALSE(store->health().writable);
  EXPECT_THAT(store->health().problem, HasSubstr("removed, cut or replaced"));
  EXPECT_FALSE(append(*store, 1));
}

TEST_P(OpenDirectory, ChangeIsNoticedWithoutBeingAsked) {
  const auto store = RocksStore::open(config_of("data", true)).value();
  ASSERT_TRUE(append(*store, 0));
  GetParam().make(directory / "data", log_of("data"));
  // It looks four times a second. How late a busy machine lets it look is not the store's.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (store->health().writable && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_THAT(store->health().problem, HasSubstr("removed, cut or replaced"));
}

INSTANTIATE_TEST_SUITE_P(
    While, OpenDirectory,
    testing::Values(Change{"AllIsRemoved", [](const auto& data, const auto&) { fs::remove_all(data); }},
                    Change{"LogIsRemoved", [](const auto&, const auto& log) { fs::remove(log); }},
                    Change{"LogIsCut", [](const auto&, const auto& log) { fs::resize_file(log, 10); }},
                    Change{"CurrentIsRemoved", [](const auto& data, const auto&) { fs::remove(data / "db/CURRENT"); }},
                    Change{"CurrentIsOverwritten",
                           [](const auto& data, const auto&) { write_text(data / "db/CURRENT", "MANIFEST-000001\n"); }},
                    Change{"FormatIsOverwritten",
                           [](const auto& data, const auto&) { write_text(data / "FORMAT", "triggers-embedded 1\n"); }},
                    Change{"IdentityIsCut",
                           [](const auto& data, const auto&) { fs::resize_file(data / "db/IDENTITY", 1); }},
                    Change{"WitnessIsRemoved", [](const auto& data, const auto&) { fs::remove(data / "WITNESS"); }},
                    Change{"WitnessIsCut", [](const auto& data, const auto&) { fs::resize_file(data / "WITNESS", 0); }},
                    Change{"WitnessIsReplaced",
                           [](const auto& data, const auto&) {
                             fs::copy_file(data / "WITNESS", data / "new");
                             fs::rename(data / "new", data / "WITNESS");
                           }},
                    Change{"DirectoryIsReplaced",
                           [](const auto& data, const auto&) {
                             fs::rename(data, data.string() + ".old");
                             fs::copy(data.string() + ".old", data, fs::copy_options::recursive);
                           }},
                    Change{"DatabaseIsReplaced",
                           [](const auto& data, const auto&) {
                             fs::rename(data / "db", data / "old");
                             fs::copy(data / "old", data / "db", fs::copy_options::recursive);
                           }}),
    [](const auto& tested) { return tested.param.name; });

TEST_P(OpenDirectory, ServerThatGoesOnWritingIsNotEndedByIt) {
  const auto store = RocksStore::open(config_of("data", true)).value();
  ASSERT_TRUE(append(*store, 0));
  GetParam().make(directory / "data", log_of("data"));
  const auto since = std::chrono::steady_clock::now();
  for (std::size_t number = 1; append(*store, number); ++number) {
    ASSERT_LT(std::chrono::steady_clock::now() - since, std::chrono::seconds{20});
  }
  EXPECT_LT(std::chrono::steady_clock::now() - since, std::chrono::seconds{2});
  EXPECT_THAT(store->health().problem, HasSubstr("removed, cut or replaced"));
}

/// A change to the live log of an open store.
class LiveLog : public Directory, public testing::WithParamInterface<Change> {};

TEST_P(LiveLog, ChangeIsNoticedByTheNextCommit) {
  const auto store = RocksStore::open(config_of("data")).value();  // Nobody looks at it beside the commits.
  ASSERT_TRUE(append(*store, 0));
  ASSERT_TRUE(append(*store, 1));
  GetParam().make(directory / "data", log_of("data"));
  EXPECT_FALSE(append(*store, 2));
  EXPECT_THAT(store->health().problem, HasSubstr("removed, cut or replaced"));
  EXPECT_THAT(store->health().problem, HasSubstr(".log"));
}

INSTANTIATE_TEST_SUITE_P(
    While, LiveLog,
    testing::Values(
        Change{"IsCutToNothing", [](const auto&, const auto& log) { fs::resize_file(log, 0); }},
        Change{"IsCutByAByte", [](const auto&, const auto& log) { fs::resize_file(log, fs::file_size(log) - 1); }},
        Change{"IsLonger",
               [](const auto&, const auto& log) { write_text(log, std::string(fs::file_size(log) + 1, 'x')); }},
        Change{"IsRemoved", [](const auto&, const auto& log) { fs::remove(log); }},
        Change{"IsMoved", [](const auto& data, const auto& log) { fs::rename(log, data / "log"); }},
        Change{"IsReplaced",
               [](const auto& data, const auto& log) {
                 fs::copy_file(log, data / "log");
                 fs::rename(data / "log", log);
               }},
        Change{"IsRemovedWithAll", [](const auto& data, const auto&) { fs::remove_all(data); }}),
    [](const auto& tested) { return tested.param.name; });

/// Two commits would write it anew, whole.
TEST_F(Directory, OverwrittenWitnessOfAnIdleStoreIsNoticed) {
  const auto store = RocksStore::open(config_of("data")).value();
  ASSERT_TRUE(append(*store, 0));
  write_text(directory / "data/WITNESS", std::string(4096, 'x'));
  store->check_files();
  EXPECT_THAT(store->health().problem, HasSubstr("WITNESS was overwritten"));
  EXPECT_FALSE(append(*store, 1));
}

TEST_F(Directory, RemovedTableIsNoticed) {
  RocksConfig config = config_of("data");
  RocksStore::open(config).value().reset();
  const auto store = RocksStore::open(config).value();
  store->check_files();
  ASSERT_TRUE(store->health().writable) << store->health().problem;
  for (const auto& entry : fs::directory_iterator(directory / "data/db")) {
    if (entry.path().extension() == ".sst") fs::remove(entry.path());
  }
  store->check_files();
  EXPECT_FALSE(store->health().writable);
}

TEST_F(Directory, ReadingChangesNothingAndTakesNoWrite) {
  RocksConfig config = config_of("data");
  {
    const auto store = RocksStore::open(config).value();
    ASSERT_TRUE(append(*store, 0));
    ASSERT_TRUE(sync_wait(store->shared_secret()));
  }
  config.access = Access::read;
  const auto store = RocksStore::open(config).value();
  EXPECT_EQ(unacknowledged(*store), 1U);
  EXPECT_TRUE(sync_wait(store->shared_secret()));
  EXPECT_FALSE(append(*store, 1));
}

TEST_F(Directory, ReadingMakesNoStore) {
  RocksConfig config = config_of("data");
  config.access = Access::read;
  const auto store = RocksStore::open(config);
  ASSERT_FALSE(store);
  EXPECT_FALSE(fs::exists(directory / "data"));
}

TEST_F(Directory, StoreWhoseMakingWasCutOffIsMadeAnew) {
  RocksStore::open(config_of("data")).value().reset();
  std::ifstream file(directory / "data/FORMAT");
  std::string line;
  std::getline(file, line);
  std::ofstream(directory / "data/FORMAT") << line << " making\n";
  fs::remove_all(directory / "data/db");
  const auto store = RocksStore::open(config_of("data")).value();
  EXPECT_TRUE(append(*store, 0));
}

TEST_F(Directory, StoreWhoseMakingWasCutOffBeforeItsFormatIsMadeAnew) {
  RocksStore::open(config_of("other")).value().reset();
  fs::create_directory(directory / "data");
  fs::copy(directory / "other/WITNESS", directory / "data/WITNESS");
  const auto store = RocksStore::open(config_of("data")).value();
  EXPECT_TRUE(append(*store, 0));
}

TEST_F(Directory, StoreOfVersion1IsServedAndIsOfThisVersionFromThenOn) {
  unpack_version_1();
  const auto config = config_of("version_1");
  for (int start = 0; start < 3; ++start) {
    const auto store = RocksStore::open(config).value();
    EXPECT_EQ(unacknowledged(*store), 10U);
    std::ifstream file(config.data_dir + "/FORMAT");
    std::string name, version;
    file >> name >> version;
    EXPECT_EQ(version, "2");
  }
}

TEST_F(Directory, StoreOfVersion1CanBeReadAndStaysOfItsVersion) {
  unpack_version_1();
  RocksConfig config = config_of("version_1");
  config.access = Access::read;
  const auto store = RocksStore::open(config).value();
  EXPECT_EQ(unacknowledged(*store), 10U);
  EXPECT_FALSE(fs::exists(config.data_dir + "/WITNESS"));
}

TEST_F(Directory, MigrationThatWasCutOffBeforeFormatBeginsAnew) {
  unpack_version_1();
  const auto config = config_of("version_1");
  const auto format = directory / "version_1/FORMAT";
  fs::copy_file(format, directory / "FORMAT_1");
  RocksStore::open(config).value().reset();
  // The witness was there before FORMAT said so. Everything else had not begun.
  const auto witness = directory / "version_1/WITNESS";
  fs::rename(witness, directory / "WITNESS_2");
  fs::remove_all(config.data_dir);
  unpack_version_1();
  fs::rename(directory / "WITNESS_2", witness);
  const auto store = RocksStore::open(config).value();
  EXPECT_EQ(unacknowledged(*store), 10U);
}

TEST_F(Directory, DamagedStoreOfVersion1IsRefused) {
  unpack_version_1();
  fs::resize_file(directory / "version_1/db/MANIFEST-000043", 900);
  const auto store = RocksStore::open(config_of("version_1"));
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, HasSubstr("is damaged"));
}

TEST_F(Directory, StoreOfVersion1WithoutItsLiveLogIsRefused) {
  unpack_version_1();
  for (const auto& entry : fs::directory_iterator(directory / "version_1/db")) {
    if (entry.path().extension() == ".log") fs::remove(entry.path());
  }
  const auto before = testing_support::snapshot(directory / "version_1");
  for (const auto access : {Access::read, Access::write}) {
    RocksConfig config = config_of("version_1");
    config.access = access;
    const auto store = RocksStore::open(config);
    ASSERT_FALSE(store);
    EXPECT_THAT(store.error().message, HasSubstr("the live one is missing"));
    EXPECT_TRUE(testing_support::snapshot(directory / "version_1") == before);
  }
}

/// Makes a backup of a stopped store and has it served.
class StoppedStore : public Directory {
 protected:
  void expect_backup_of(const std::string& name, std::size_t events) {
    const auto before = testing_support::snapshot(directory / name);
    {
      RocksConfig config = config_of(name);
      config.access = Access::read;
      const auto store = RocksStore::open(config).value();
      const auto made = sync_wait(store->backup(directory / "backup"));
      ASSERT_TRUE(made) << made.error().message;
    }
    EXPECT_TRUE(testing_support::snapshot(directory / name) == before);
    for (const auto access : {Access::read, Access::write}) {
      RocksConfig config = config_of("backup");
      config.access = access;
      const auto store = RocksStore::open(config);
      ASSERT_TRUE(store) << store.error().message;
      EXPECT_EQ(unacknowledged(**store), events);
    }
    EXPECT_TRUE(testing_support::snapshot(directory / name) == before);  // Also those that are one with the backup's.
  }
  [[nodiscard]] std::string format_of(const std::string& name) {
    std::ifstream file(directory / (name + "/FORMAT"));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Half in tables and half in the log.
  void fill(const std::string& killed) {
    for (std::size_t half = 0; half < 2; ++half) {
      const auto store = RocksStore::open(config_of("data")).value();
      for (std::size_t i = 0; i < 10; ++i) ASSERT_TRUE(append(*store, half * 10 + i));
      if (half == 1) fs::copy(directory / "data", directory / killed, fs::copy_options::recursive);
    }
  }
};

TEST_F(StoppedStore, BackupChangesNothingAfterACleanStop) {
  fill("killed");
  expect_backup_of("data", 20);
  EXPECT_NE(format_of("backup"), format_of("data"));  // A store of its own.
}

TEST_F(StoppedStore, BackupChangesNothingAfterAKill) {
  fill("killed");
  expect_backup_of("killed", 20);
}

TEST_F(StoppedStore, IncompleteCopyOfABackupIsRefused) {
  fill("killed");
  RocksConfig config = config_of("killed");
  config.access = Access::read;
  ASSERT_TRUE(sync_wait(RocksStore::open(config).value()->backup(directory / "backup")));
  fs::remove(log_of("backup"));
  EXPECT_FALSE(RocksStore::open(config_of("backup")));
}

TEST_F(StoppedStore, BackupOfVersion1IsOfVersion1) {
  unpack_version_1();
  const auto format = format_of("version_1");
  RocksConfig config = config_of("version_1");
  config.access = Access::read;
  ASSERT_TRUE(sync_wait(RocksStore::open(config).value()->backup(directory / "copy")));
  EXPECT_EQ(format_of("copy"), format);
  expect_backup_of("version_1", 10);
}

class Repair : public Directory {
 protected:
  static constexpr std::size_t events = 50;

  /// A store whose first half is in tables and whose second half is in the log, as after a kill.
  void SetUp() override {
    for (std::size_t half = 0; half < 2; ++half) {
      const auto store = RocksStore::open(config_of("data")).value();
      for (std::size_t i = half * events / 2; i < (half + 1) * events / 2; ++i) {
        const auto answer = append(*store, i).value();
        if (i % 5 == 0) {
          EXPECT_TRUE(sync_wait(store->acknowledge(tenant, {answer.id})));
        }
      }
      if (half == 1) fs::copy(directory / "data", directory / "damaged", fs::copy_options::recursive);
    }
  }
  Result<RepairReport> repair() {
    DatabaseConfig config;
    config.data_dir = directory / "damaged";
    config.memory_bytes = 32 * 1024 * 1024;
    return repair_store(config, directory / "repaired");
  }
};

TEST_F(Repair, WholeStoreIsLeftAlone) {
  const auto report = repair();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("nothing to repair"));
  EXPECT_FALSE(fs::exists(directory / "repaired"));
}

TEST_F(Repair, LostManifestCostsNoEvent) {
  for (const auto* lost : {"CURRENT", "MANIFEST"}) {
    for (const auto& entry : fs::directory_iterator(directory / "damaged/db")) {
      if (entry.path().filename().string().starts_with(lost)) fs::remove(entry.path());
    }
  }
  ASSERT_FALSE(RocksStore::open(config_of("damaged")));
  const auto report = repair();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->events, events);
  EXPECT_EQ(report->unacknowledged, events - events / 5);
  const auto store = RocksStore::open(config_of("repaired")).value();
  EXPECT_EQ(unacknowledged(*store), events - events / 5);
  EXPECT_TRUE(append(*store, 1'000));
  ASSERT_FALSE(RocksStore::open(config_of("damaged")));
}

TEST_F(Repair, LostSecretsAreMadeAnewAndNamed) {
  {
    const auto store = RocksStore::open(config_of("data")).value();
    ASSERT_TRUE(sync_wait(store->shared_secret()));
  }
  fs::remove_all(directory / "damaged");
  fs::copy(directory / "data", directory / "damaged", fs::copy_options::recursive);
  const auto has = [](const fs::path& path, const std::string& text) {
    std::ifstream file(path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), {}}.find(text) != std::string::npos;
  };
  std::vector<fs::path> tables;  // Of the family `default`.
  for (const auto& entry : fs::directory_iterator(directory / "damaged/db")) {
    if (entry.path().extension() != ".sst") continue;
    if (has(entry.path(), "shared_secret") || has(entry.path(), "hash_seed")) tables.push_back(entry.path());
  }
  for (const auto& table : tables) fs::remove(table);
  const auto report = repair();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->losses, testing::Contains(HasSubstr("the secret that signs cursors is made anew")));
  EXPECT_THAT(report->losses, testing::Contains(HasSubstr("the seed of the hashes is made anew")));
  RocksConfig config = config_of("repaired");
  config.access = Access::read;
  const auto store = RocksStore::open(config).value();
  EXPECT_EQ(unacknowledged(*store), events - events / 5);
  const auto secret = sync_wait(store->shared_secret());
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(secret->size(), 32U);
}

TEST_F(Repair, LogThatIsCutCostsWhatWasBehindTheCutOnly) {
  const auto log = log_of("damaged");
  fs::resize_file(log, fs::file_size(log) / 2);
  ASSERT_FALSE(RocksStore::open(config_of("damaged")));
  const auto report = repair();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GE(report->events, events / 2);
  EXPECT_LT(report->events, events);
  EXPECT_THAT(report->losses, testing::Contains(HasSubstr("can be read up to byte")));
  const auto store = RocksStore::open(config_of("repaired")).value();
  EXPECT_EQ(unacknowledged(*store), report->unacknowledged);
}

TEST_F(Repair, DamageInTheMiddleOfALogCostsOneBatch) {
  const auto log = log_of("damaged");
  {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(log) / 2));
    file.put('?');
  }
  ASSERT_FALSE(RocksStore::open(config_of("damaged")));
  const auto report = repair();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GE(report->events, events - 1);
  const auto store = RocksStore::open(config_of("repaired")).value();
  EXPECT_EQ(unacknowledged(*store), report->unacknowledged);
}

}  // namespace
}  // namespace triggers::store
