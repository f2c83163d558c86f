#pragma once

// One tenant's embedded store on a disk that fails when a test says so. Stores whose files are changed use
// damaged_store.h.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/manual_clock.h"
#include "base/sync_wait.h"
#include "store/rocks/rocks_store.h"
#include "support/draft.h"
#include "support/failing_file_system.h"
#include "support/scratch_directory.h"

namespace triggers::store {

/// One tenant's embedded store in a directory of its own, on a disk that fails when a test says so.
class RocksFixture : public testing::Test {
 protected:
  RocksFixture() {
    config.data_dir = directory / "data";
    config.memory_bytes = 32 * 1024 * 1024;
    config.background = false;
    config.clock = &clock;
  }

  void open() { store = RocksStore::open(config).value(); }
  void reopen() {
    store.reset();
    open();
  }
  void use_failing_disk() {
    env = rocksdb::NewCompositeEnv(disk);
    config.env = env.get();
  }

  Result<Appended> append(const Draft& draft) { return sync_wait(store->append(tenant, draft.append())); }
  std::vector<EventId> inbox() {
    std::vector<EventId> ids;
    for (PageQuery query{.limit = 200};;) {
      const Page page = sync_wait(store->page(tenant, query)).value();
      for (const auto& event : page.events) ids.push_back(event.id);
      if (!page.has_more) {
        EXPECT_EQ(page.total_unacknowledged, ids.size());
        return ids;
      }
      query.after = page.next_after;
    }
  }

  testing_support::ScratchDirectory directory;
  ManualClock clock;
  const Tenant tenant{"acme"};
  const std::shared_ptr<testing_support::FailingFileSystem> disk =
      std::make_shared<testing_support::FailingFileSystem>();
  std::unique_ptr<rocksdb::Env> env;
  RocksConfig config;
  std::unique_ptr<RocksStore> store;
};

}  // namespace triggers::store
