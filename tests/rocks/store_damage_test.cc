// Any file of a store is missing, cut or changed: the store is served whole or refused, and a refusal changes nothing.
// Damage within the log is in log_damage_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <random>

#include "damaged_store.h"
#include "support/failing_file_system.h"

namespace triggers::store {
namespace {

using testing::HasSubstr;
using testing_support::restore;
using testing_support::snapshot;

enum class End : std::uint8_t { clean_stop, kill };

class StoreDamage : public DamagedStore, public testing::WithParamInterface<End> {
 protected:
  void SetUp() override {
    {
      auto store = RocksStore::open(config_of("data")).value();
      fill(*store, 40);
      if (GetParam() == End::kill) whole = snapshot(directory / "data");
    }
    if (GetParam() == End::clean_stop) whole = snapshot(directory / "data");
  }

  void fail_to_open(const std::string& name, testing_support::FailingFileSystem::Fault fault) {
    const auto disk = std::make_shared<testing_support::FailingFileSystem>();
    const auto env = rocksdb::NewCompositeEnv(disk);
    RocksConfig config = config_of(name);
    config.env = env.get();
    disk->set(fault);
    for (int tries = 0; tries < 2; ++tries) EXPECT_FALSE(RocksStore::open(config).ok());
  }

  static std::vector<std::size_t> places(std::size_t size, std::size_t count, std::mt19937& random) {
    std::vector<std::size_t> places{0, size / 2, size - 1};
    while (places.size() < count) places.push_back(random() % size);
    std::ranges::sort(places);
    places.erase(std::ranges::unique(places).begin(), places.end());
    return places;
  }
};

TEST_P(StoreDamage, WholeStoreIsServed) {
  expect_whole_or_refused(whole, "whole");
  EXPECT_EQ(refused, 0U);
  const auto tables = std::ranges::count_if(whole, [](const auto& file) { return file.first.ends_with(".sst"); });
  EXPECT_GT(tables, 3);  // A store of one log alone would show little.
}

TEST_P(StoreDamage, EveryFileThatIsRemovedIsNoticedOrNotNeeded) {
  for (const auto& [name, bytes] : whole) {
    if (bytes == "/") continue;
    auto files = whole;
    files.erase(name);
    expect_whole_or_refused(files, name + " is removed");
  }
  EXPECT_GT(refused, 10U);
}

TEST_P(StoreDamage, EveryFileThatIsCutIsNoticed) {
  std::mt19937 random{1};
  for (const auto& [name, bytes] : whole) {
    if (bytes.size() < 2) continue;
    for (const std::size_t place : places(bytes.size(), 4, random)) {
      auto files = whole;
      files[name].resize(place);
      expect_whole_or_refused(files, name + " is cut at " + std::to_string(place));
    }
  }
  EXPECT_GT(refused, tried);  // Of two openings each.
}

TEST_P(StoreDamage, EveryFileInWhichABitIsFlippedIsNoticed) {
  std::mt19937 random{2};
  for (const auto& [name, bytes] : whole) {
    if (bytes.size() < 2) continue;
    for (const std::size_t place : places(bytes.size(), 5, random)) {
      auto files = whole;
      files[name][place] = static_cast<char>(files[name][place] ^ (1 << random() % 8));
      expect_whole_or_refused(files, name + " is changed at " + std::to_string(place));
    }
  }
  EXPECT_GT(refused, tried);
}

TEST_P(StoreDamage, PartialCopiesAreNeverMadeAnew) {
  for (const auto* kept : {"", ".sst", ".log", "CURRENT", "MANIFEST", "OPTIONS"}) {
    Snapshot files;
    for (const auto& [name, bytes] : whole) {
      const bool keep = !name.starts_with("db/") || (*kept != '\0' && name.find(kept) != std::string::npos);
      if (keep) files[name] = bytes;
    }
    files["db"] = "/";
    const auto before = refused;
    expect_whole_or_refused(files, std::string{"only these of db/ are there: "} + kept);
    EXPECT_EQ(refused, before + 2) << kept;
  }
}

TEST_P(StoreDamage, RefusalSaysWhatIsWrongAndWhatToDo) {
  auto files = whole;
  files.erase("db/CURRENT");
  restore(files, directory / "damaged");
  const auto store = RocksStore::open(config_of("damaged"));
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::unavailable);
  EXPECT_THAT(store.error().message, HasSubstr("db/CURRENT is missing"));
  EXPECT_THAT(store.error().message, HasSubstr("nothing was changed"));
  EXPECT_THAT(store.error().message, HasSubstr("table files"));
  EXPECT_THAT(store.error().message, HasSubstr("Restore a backup, or have `triggers repair"));
}

/// What a clean stop has noted is compared by the next open that succeeds, however many fail before.
TEST_P(StoreDamage, OpenThatFailsForWantOfDescriptorsLosesNoCheck) {
  if (GetParam() != End::clean_stop) GTEST_SKIP() << "only a clean stop notes all files";
  restore(whole, directory / "damaged");
  fail_to_open("damaged", testing_support::FailingFileSystem::Fault::descriptors);
  auto files = snapshot(directory / "damaged");
  EXPECT_EQ(files.at("INVENTORY"), whole.at("INVENTORY"));
  const auto table = std::ranges::find_if(files, [](const auto& file) { return file.first.ends_with(".sst"); });
  ASSERT_NE(table, files.end());
  table->second[table->second.size() / 3] ^= 1;
  restore(files, directory / "damaged");
  const auto store = RocksStore::open(config_of("damaged"));
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message, HasSubstr(table->first + " has other bytes than were written"));
}

TEST_P(StoreDamage, OpenThatFailsHasTheStoreOpenedWholeLater) {
  using Fault = testing_support::FailingFileSystem::Fault;
  for (const Fault fault : {Fault::descriptors, Fault::sync}) {
    restore(whole, directory / "damaged");
    fail_to_open("damaged", fault);
    const auto store = RocksStore::open(config_of("damaged"));
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(missing_in(**store), "");
  }
}

INSTANTIATE_TEST_SUITE_P(After, StoreDamage, testing::Values(End::clean_stop, End::kill),
                         [](const auto& tested) { return tested.param == End::kill ? "Kill" : "CleanStop"; });

}  // namespace
}  // namespace triggers::store
