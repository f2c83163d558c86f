#pragma once

// The fixture of the tests that change a store's files and start it again: log_damage_test.cc, store_damage_test.cc,
// mixed_copies_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/sync_wait.h"
#include "store/rocks/rocks_store.h"
#include "support/directory_snapshot.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {

/// A store whose files are tampered with, and what was accepted into it.
class DamagedStore : public testing::Test {
 protected:
  using Snapshot = testing_support::DirectorySnapshot;

  /// Enough to have several logs and tables.
  void fill(RocksStore& store, std::size_t events) {
    for (std::size_t i = 0; i < events; ++i) {
      const Draft draft{.payload = R"({"number":)" + std::to_string(accepted.size()) + R"(,"fill":")" +
                                   std::string(30'000, 'x') + R"("})"};
      const auto answer = sync_wait(store.append(tenant, draft.append())).value();
      accepted[answer.id] = draft.payload;
      if (i % 4 != 0) continue;
      acknowledged.push_back(answer.id);
      EXPECT_TRUE(sync_wait(store.acknowledge(tenant, {answer.id})));
    }
  }

  RocksConfig config_of(const std::string& name, Access access = Access::write) {
    RocksConfig config;
    config.data_dir = directory / name;
    config.access = access;
    config.memory_bytes = memory_bytes;
    config.background = false;
    return config;
  }

  /// What is not there as it was accepted.
  std::string missing_in(RocksStore& store) {
    const std::size_t expected = accepted.size() - acknowledged.size();
    std::size_t unacknowledged = 0;
    for (PageQuery query{.limit = 200};;) {
      const auto page = sync_wait(store.page(tenant, query));
      if (!page) return page.error().message;
      unacknowledged += page->events.size();
      if (page->total_unacknowledged != expected) {
        return "the total is " + std::to_string(page->total_unacknowledged) + " instead of " + std::to_string(expected);
      }
      if (!page->has_more) break;
      query.after = page->next_after;
    }
    if (unacknowledged != expected) return std::to_string(unacknowledged) + " are unacknowledged";
    for (const auto& [id, payload] : accepted) {
      const auto found = sync_wait(store.get(tenant, id));
      if (!found || !*found || (*found)->payload != payload) return id.text();
      const bool was_acknowledged = std::ranges::find(acknowledged, id) != acknowledged.end();
      if ((*found)->acknowledged_at.has_value() != was_acknowledged) return id.text() + " is acknowledged or not";
    }
    return {};
  }

  /// One of the two outcomes that are allowed, of a store with these files.
  void expect_whole_or_refused(const Snapshot& files, const std::string& what) {
    ++tried;
    testing_support::restore(files, directory / "damaged");
    const auto before = testing_support::snapshot(directory / "damaged");
    for (const auto access : {Access::read, Access::write}) {
      bool opened = false;
      std::string message;
      {
        const auto store = RocksStore::open(config_of("damaged", access));
        opened = store.ok();
        EXPECT_EQ(opened ? missing_in(**store) : "", "") << what;
        if (!opened) message = store.error().message;
      }
      if (!opened) ++refused;
      if (opened && access == Access::write) continue;
      ASSERT_TRUE(testing_support::snapshot(directory / "damaged") == before)
          << what << ": the directory was changed; " << message;
    }
  }

  testing_support::ScratchDirectory directory{testing_support::ScratchDirectory::in_memory()};
  const Tenant tenant{"acme"};
  std::size_t memory_bytes = 512 * 1024;
  Snapshot whole;
  std::map<EventId, std::string> accepted;
  std::vector<EventId> acknowledged;
  std::size_t tried = 0;
  std::size_t refused = 0;
};

}  // namespace triggers::store
