// A store of an earlier format version is served, converted in place, and loses nothing if that is cut off anywhere.
#include "rocks/earlier_version.h"

#include <gmock/gmock.h>
#include <rocksdb/db.h>

#include "store/rocks/database/database.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/repair/repair.h"
#include "support/directory_snapshot.h"
#include "support/forgetful_file_system.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::DirectorySnapshot;
using testing_support::ForgetfulFileSystem;
using testing_support::restore;
using testing_support::snapshot;

const std::string this_version = std::to_string(layout::format_version);

class EveryEarlierVersion : public EarlierVersion, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override { unpack(name); }

  /// A log names a family by its number, and a repair knows no other names.
  void expect_families_in_their_places() {
    DatabaseConfig config;
    config.data_dir = directory / name;
    config.dedup_window = config.idempotency_window = config_of(name).dedup_window;
    const auto database = Database::open(config);
    ASSERT_TRUE(database) << database.error().message;
    for (std::size_t place = 0; place < family_count; ++place) {
      EXPECT_EQ((*database)->family(static_cast<Family>(place))->GetID(), place);
    }
  }
  /// The files beside the database, which are not written by way of the machine below.
  DirectorySnapshot files_beside() {
    auto files = snapshot(directory / name);
    std::erase_if(files, [](const auto& file) { return file.first.starts_with("db"); });
    return files;
  }
  /// Begins to open the store on a machine that stops at one of its writes, syncs or renames. False if it did not.
  bool open_until(std::uint64_t operation, bool loses_power) {
    ForgetfulFileSystem::Options options;
    options.trash = directory / "trash";
    options.operations_max = operation;
    options.seed = operation;
    DirectorySnapshot beside;
    options.on_stop = [&] { beside = files_beside(); };
    const auto disk = std::make_shared<ForgetfulFileSystem>(options);
    const auto env = testing_support::make_machine(disk);
    auto config = config_of(name);
    config.env = env.get();
    auto opened = RocksStore::open(config);
    const bool stopped = disk->stopped();
    disk->stop();
    if (opened) opened->reset();
    for (const auto& [file, bytes] : beside) std::ofstream(directory / (name + "/" + file), std::ios::binary) << bytes;
    if (loses_power) disk->lose_power();
    return stopped;
  }
  void expect_no_loss_wherever_it_stops(bool loses_power) {
    const auto before = snapshot(directory / name);
    std::uint64_t operation = 1;
    for (bool stopped = true; stopped && !HasFailure(); ++operation) {
      SCOPED_TRACE(operation);
      restore(before, directory / name);
      stopped = open_until(operation, loses_power);
      open_and_expect_whole(name, name, Access::write);
      expect_families_in_their_places();
    }
    EXPECT_GT(operation, 50U);  // It has stopped in the middle of something.
  }

  const std::string name = GetParam();
};

TEST_P(EveryEarlierVersion, IsServedAndIsOfThisVersionFromThenOn) {
  const auto id = word_of_format(name, 2);
  for (int start = 0; start < 3; ++start) {
    open_and_expect_whole(name, name, Access::write);
    EXPECT_EQ(word_of_format(name, 1), this_version);
    EXPECT_NE(word_of_format(name, 2), "");
    EXPECT_EQ(word_of_format(name, 3), "");
    EXPECT_TRUE(id.empty() || id == word_of_format(name, 2));
  }
  expect_families_in_their_places();
}

TEST_P(EveryEarlierVersion, IsReadWithoutAChange) {
  const auto before = snapshot(directory / name);
  open_and_expect_whole(name, name, Access::read);
  EXPECT_TRUE(snapshot(directory / name) == before);
}

TEST_P(EveryEarlierVersion, HasABackupOfItsVersionThatIsServed) {
  const auto before = snapshot(directory / name);
  {
    const auto store = RocksStore::open(config_of(name, Access::read)).value();
    const auto made = sync_wait(store->backup(directory / "backup"));
    ASSERT_TRUE(made) << made.error().message;
  }
  EXPECT_TRUE(snapshot(directory / name) == before);
  EXPECT_EQ(word_of_format("backup", 1), word_of_format(name, 1));
  for (const auto access : {Access::read, Access::write}) open_and_expect_whole("backup", name, access);
  EXPECT_EQ(word_of_format("backup", 1), this_version);
}

TEST_P(EveryEarlierVersion, IsWholeWhereverAKillCutsItsMigrationOff) { expect_no_loss_wherever_it_stops(false); }

TEST_P(EveryEarlierVersion, IsWholeWhereverALossOfPowerCutsItsMigrationOff) { expect_no_loss_wherever_it_stops(true); }

/// These files are written beside the database, so no failing disk stops between them.
TEST_P(EveryEarlierVersion, IsWholeIfItsMigrationIsCutOffBetweenTheFilesBesideIt) {
  const auto earlier = snapshot(directory / name);
  RocksStore::open(config_of(name)).value().reset();
  const auto migrated = snapshot(directory / name);
  const std::string migrating = "triggers-embedded " + this_version + " " + word_of_format(name, 2) + " migrating\n";

  auto files = earlier;  // FORMAT was not written yet.
  if (name == "version_1") files["WITNESS"] = migrated.at("WITNESS");
  if (name != "version_1") files["FORMAT"] = migrating;  // INVENTORY was not written yet.
  restore(files, directory / name);
  for (const auto access : {Access::read, Access::write}) open_and_expect_whole(name, name, access);

  files = migrated;  // All families are there.
  files["FORMAT"] = migrating;
  restore(files, directory / name);
  for (const auto access : {Access::read, Access::write}) open_and_expect_whole(name, name, access);
  expect_families_in_their_places();
}

TEST_P(EveryEarlierVersion, HasABackupInTheMiddleOfItsMigrationThatIsServed) {
  open_until(40, false);
  ASSERT_EQ(word_of_format(name, 3), "migrating");
  {
    const auto store = RocksStore::open(config_of(name, Access::read)).value();
    ASSERT_TRUE(sync_wait(store->backup(directory / "backup")));
  }
  EXPECT_EQ(word_of_format("backup", 3), "migrating");
  EXPECT_NE(word_of_format("backup", 2), word_of_format(name, 2));
  for (const auto access : {Access::read, Access::write}) open_and_expect_whole("backup", name, access);
}

TEST_P(EveryEarlierVersion, IsRepairedIntoThisVersion) {
  fs::remove(directory / (name + "/db/CURRENT"));
  DatabaseConfig config;
  config.data_dir = directory / name;
  config.dedup_window = config.idempotency_window = config_of(name).dedup_window;
  const auto report = repair_store(config, directory / "repaired");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->made_unacknowledged_again, 0U);
  EXPECT_EQ(word_of_format("repaired", 1), this_version);
  open_and_expect_whole("repaired", name, Access::write);
}

TEST_P(EveryEarlierVersion, IsRefusedWithoutAChangeIfATableIsMissing) {
  auto files = snapshot(directory / name);
  std::size_t refused = 0;
  for (const auto& [file, bytes] : snapshot(directory / name)) {
    if (!file.ends_with(".sst")) continue;
    auto without = files;
    without.erase(file);
    restore(without, directory / name);
    if (!RocksStore::open(config_of(name)).ok()) {
      ++refused;
      EXPECT_TRUE(snapshot(directory / name) == without) << file;
    }
  }
  EXPECT_GT(refused, 5U);
}

INSTANTIATE_TEST_SUITE_P(Store, EveryEarlierVersion, testing::Values("version_1", "version_2", "version_2_killed"),
                         [](const auto& tested) { return std::string{tested.param}; });

class FilledEarlierStore : public EarlierVersion, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    unpack(name);
    store = RocksStore::open(config_of(name)).value();
  }
  Result<Appended> append(const Tenant& tenant, const Draft& draft) {
    return sync_wait(store->append(tenant, draft.append()));
  }

  const std::string name = GetParam();
  std::unique_ptr<RocksStore> store;
};

/// Entries of both versions lie side by side: their values differ.
TEST_P(FilledEarlierStore, FiltersOldAndNewEntriesByType) {
  ASSERT_TRUE(append(acme, {.event_type = "order.paid", .payload = "1"}));
  ASSERT_TRUE(append(acme, {.event_type = "order.created", .payload = "2"}));
  auto paid = expected_payloads(1, 2), created = expected_payloads(0, 2);
  EXPECT_EQ(payloads(*store, globex, "order.paid"), paid);
  EXPECT_EQ(payloads(*store, globex, "order.created"), created);
  paid.emplace_back("1");
  created.emplace_back("2");
  EXPECT_EQ(payloads(*store, acme, "order.paid"), paid);
  EXPECT_EQ(payloads(*store, acme, "order.created"), created);
  EXPECT_THAT(payloads(*store, acme, "order"), testing::IsEmpty());
}

TEST_P(FilledEarlierStore, AcknowledgesOldEntriesForGood) {
  std::vector<EventId> ids;
  const auto page = sync_wait(store->page(acme, {.limit = 100})).value();
  for (const auto& event : page.events) ids.push_back(event.id);
  ASSERT_EQ(ids.size(), 100U);
  const auto answers = sync_wait(store->acknowledge(acme, ids)).value();
  EXPECT_EQ(answers, std::vector(ids.size(), AckStatus::acknowledged));
  EXPECT_TRUE(payloads(*store, acme).empty());
  store = nullptr;
  store = RocksStore::open(config_of(name)).value();
  EXPECT_TRUE(payloads(*store, acme).empty());
  EXPECT_EQ(payloads(*store, globex), expected_payloads(0, 1));
}

TEST_P(FilledEarlierStore, StillKnowsWhatItHasAccepted) {
  Draft paid = numbered(7);
  paid.event_type = "order.paid";
  EXPECT_EQ(append(acme, paid)->outcome, Appended::Outcome::duplicate);
  Draft repeated = numbered(3);
  repeated.event_type = "order.paid";
  repeated.idempotency_key = "key-3";
  EXPECT_EQ(append(acme, repeated)->outcome, Appended::Outcome::duplicate);
  Draft other = numbered(1'000);
  other.idempotency_key = "key-3";
  EXPECT_EQ(append(acme, other)->outcome, Appended::Outcome::idempotency_mismatch);
  EXPECT_EQ(payloads(*store, acme), expected_payloads(0, 1));
}

TEST_P(FilledEarlierStore, KeepsItsKeys) {
  for (const auto* user : {"acme", "globex"}) {
    EXPECT_EQ(sync_wait(store->list_keys(user, {}, 10)).value().size(), 1U);
  }
}

INSTANTIATE_TEST_SUITE_P(Store, FilledEarlierStore,
                         testing::Values("version_2", "version_2_killed", "version_3", "version_3_killed"),
                         [](const auto& tested) { return std::string{tested.param}; });

/// A conversion from version 3 changes only FORMAT and WITNESS.
class Version3 : public EarlierVersion, public testing::WithParamInterface<const char*> {};

TEST_P(Version3, IsReadWithoutAChangeAndConvertedByAStart) {
  const std::string name = GetParam();
  unpack(name);
  const std::string id = word_of_format(name, 2);
  ASSERT_EQ(format_of(name), "triggers-embedded 3 " + id + "\n");
  const auto before = snapshot(directory / name);
  open_and_expect_whole(name, name, Access::read);
  EXPECT_TRUE(snapshot(directory / name) == before);
  for (int start = 0; start < 2; ++start) {
    open_and_expect_whole(name, name, Access::write);
    EXPECT_EQ(format_of(name), "triggers-embedded " + this_version + " " + id + "\n");
  }
}

INSTANTIATE_TEST_SUITE_P(Store, Version3, testing::Values("version_3", "version_3_killed"),
                         [](const auto& tested) { return std::string{tested.param}; });

using CutOffConversion = EarlierVersion;

TEST_F(CutOffConversion, ToVersion3IsCompletedByThisRelease) {
  const std::string name = "version_2";
  unpack(name);
  write_format_of(name, "triggers-embedded 3 " + word_of_format(name, 2) + " migrating\n");
  open_and_expect_whole(name, name, Access::read);
  open_and_expect_whole(name, name, Access::write);
  EXPECT_EQ(word_of_format(name, 1), this_version);
  EXPECT_EQ(word_of_format(name, 3), "");
}

/// What this release does with a later version, the release before this one does with this version: it reads the
/// version before anything else.
class LaterVersion : public EarlierVersion, public testing::WithParamInterface<const char*> {};

TEST_P(LaterVersion, IsRefusedWithoutAChange) {
  RocksStore::open(config_of("data")).value().reset();
  const auto id = word_of_format("data", 2);
  const std::string later = std::to_string(layout::format_version + 1);
  write_format_of("data", "triggers-embedded " + later + " " + id + GetParam());
  const auto before = snapshot(directory / "data");
  const auto refusal = "holds format version " + later + ", and this program reads versions 1 to " + this_version +
                       ": run the release that wrote it";
  for (const auto access : {Access::read, Access::write}) {
    const auto store = RocksStore::open(config_of("data", access));
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(store.error().message, HasSubstr(refusal));
  }
  DatabaseConfig config;
  config.data_dir = directory / "data";
  const auto report = repair_store(config, directory / "repaired");
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr(refusal));
  EXPECT_FALSE(fs::exists(directory / "repaired"));
  EXPECT_TRUE(snapshot(directory / "data") == before);
}

INSTANTIATE_TEST_SUITE_P(Whose, LaterVersion,
                         testing::Values("\n", " migrating\n", " a-word-of-the-future\n", " 1 2 3\n"),
                         [](const auto& tested) { return "Format" + std::to_string(tested.index); });

}  // namespace
}  // namespace triggers::store
