// The stored bytes of tenants across restarts, kills and repairs: never counted again without need, and exact whenever
// they are used. What counts is tested for every engine in contract/tenant_limits_test.cc.

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "rocks_fixture.h"
#include "store/rocks/database/database.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/repair/repair.h"
#include "support/forgetful_file_system.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using testing_support::FailingFileSystem;

std::uint64_t bytes_of(const Draft& draft) {
  return stored_bytes(draft.event_type, draft.source, draft.payload, draft.metadata);
}

class StoredBytes : public RocksFixture {
 protected:
  StoredBytes() { config.tenant_limits.bytes_max = 1'000'000; }

  /// What the store says that it holds.
  std::uint64_t stored() { return store->stored_bytes().value(); }
  /// What the log holds, by its records.
  std::uint64_t in_the_log() {
    std::uint64_t bytes = 0;
    use_database([&](Database& database) {
      const std::unique_ptr<rocksdb::Iterator> events(database.db().NewIterator({}, database.family(Family::events)));
      for (events->SeekToFirst(); events->Valid(); events->Next()) ++bytes;
    });
    return bytes * bytes_of(numbered(1));
  }
  /// With the store closed.
  void use_database(const std::function<void(Database&)>& use) {
    store.reset();
    {
      DatabaseConfig raw;
      raw.data_dir = config.data_dir;
      raw.env = config.env;
      use(*Database::open(raw).value());
    }
    open();
  }
  bool has(std::string_view key) {
    bool found = false;
    use_database([&](Database& database) {
      rocksdb::PinnableSlice value;
      found = database.get(Family::meta, key, value).value();
    });
    return found;
  }
  void put_wrong_counter() {
    use_database([&](Database& database) {
      std::string value;
      layout::append_u64(value, 77);
      ASSERT_TRUE(
          database.db().Put({}, database.family(Family::meta), layout::stored_bytes_key(tenant.id), value).ok());
    });
  }
};

TEST_F(StoredBytes, AStartLoadsTheCountersInsteadOfReadingTheLog) {
  open();
  ASSERT_TRUE(append(numbered(1)));
  EXPECT_EQ(stored(), bytes_of(numbered(1)));
  // If it counted, it would find what is true.
  put_wrong_counter();
  EXPECT_EQ(stored(), 77U);
}

TEST_F(StoredBytes, TurnedOnTheyAreCountedOnceFromTheLog) {
  config.tenant_limits.bytes_max = 0;
  open();
  Draft rich = numbered(3);
  rich.source = "shop";
  rich.metadata = R"({"a":1})";
  for (const Draft& draft : {numbered(1), numbered(2), rich}) ASSERT_TRUE(append(draft));
  EXPECT_FALSE(store->stored_bytes());
  EXPECT_FALSE(has(layout::stored_bytes_key(tenant.id)));
  config.tenant_limits.bytes_max = 1'000'000;
  reopen();
  const auto all = 2 * bytes_of(numbered(1)) + bytes_of(rich);
  EXPECT_EQ(stored(), all);
  ASSERT_TRUE(append(numbered(4)));
  EXPECT_EQ(stored(), all + bytes_of(numbered(4)));
}

TEST_F(StoredBytes, ARunWithoutTheLimitMakesTheNextCountAgain) {
  open();
  ASSERT_TRUE(append(numbered(1)));
  config.tenant_limits.bytes_max = 0;
  reopen();
  ASSERT_TRUE(append(numbered(2)));
  config.tenant_limits.bytes_max = 1'000'000;
  reopen();
  EXPECT_EQ(stored(), 2 * bytes_of(numbered(1)));
}

TEST_F(StoredBytes, ARepairMakesTheNextStartCountAgain) {
  open();
  for (std::size_t i = 1; i <= 3; ++i) ASSERT_TRUE(append(numbered(i)));
  put_wrong_counter();
  ASSERT_EQ(stored(), 77U);
  use_database([](Database& database) {
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    for (std::size_t i = 0; i != family_count; ++i) families.push_back(database.family(static_cast<Family>(i)));
    RepairReport report;
    EXPECT_TRUE(rebuild(database.db(), families, report));
  });
  EXPECT_EQ(stored(), 3 * bytes_of(numbered(1)));
}

TEST_F(StoredBytes, AfterAKillTheyAreThoseOfTheEventsThatAreThere) {
  config.dedup_window = 0s;
  std::uint64_t largest = 0;
  for (std::uint64_t operations = 5; operations < 400; operations += 13) {
    testing_support::ForgetfulFileSystem::Options options;
    options.trash = directory / "trash";
    options.operations_max = operations;
    const auto machine = std::make_shared<testing_support::ForgetfulFileSystem>(options);
    const auto its_env = testing_support::make_machine(machine);
    config.env = its_env.get();
    if (auto opened = RocksStore::open(config)) {
      for (std::size_t i = 1; i != 10 && (*opened)->health().writable; ++i) {
        (void)sync_wait((*opened)->append(tenant, numbered(i).append())).ok();
      }
      machine->stop();
    }
    machine->lose_power();
    config.env = nullptr;
    open();
    const std::uint64_t loaded = stored();
    EXPECT_EQ(loaded, in_the_log()) << "after " << operations << " operations";
    largest = std::max(largest, loaded);
    store.reset();
  }
  EXPECT_GT(largest, 50 * bytes_of(numbered(1)));
}

TEST_F(StoredBytes, AFailedCommitCountsNothing) {
  use_failing_disk();
  open();
  ASSERT_TRUE(append(numbered(1)));
  disk->set(FailingFileSystem::Fault::full);
  EXPECT_FALSE(append(numbered(2)));
  EXPECT_EQ(stored(), bytes_of(numbered(1)));
  disk->set(FailingFileSystem::Fault::none);
  reopen();
  EXPECT_EQ(stored(), in_the_log());
}

TEST_F(StoredBytes, WhatASweepRemovesIsGivenBackToItsTenant) {
  const Tenant other{"other"};
  open();
  const EventId id = append(numbered(1)).value().id;
  ASSERT_TRUE(append(numbered(2)));
  ASSERT_TRUE(sync_wait(store->append(other, numbered(3).append())));
  ASSERT_TRUE(sync_wait(store->acknowledge(tenant, {id})));
  clock.advance(config.event_ttl + 25h);
  EXPECT_EQ(store->sweep(10).value(), 1U);
  EXPECT_EQ(stored(), 2 * bytes_of(numbered(1)));
  use_database([&](Database& database) {
    for (const Tenant& one : {tenant, other}) {
      rocksdb::PinnableSlice value;
      ASSERT_TRUE(database.get(Family::meta, layout::stored_bytes_key(one.id), value).value()) << one.id;
      EXPECT_EQ(layout::read_u64({value.data(), value.size()}), bytes_of(numbered(1)));
    }
  });
}

}  // namespace
}  // namespace triggers::store
