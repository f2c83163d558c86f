#pragma once

// Stores that earlier releases wrote, and what is in them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/sync_wait.h"
#include "store/rocks/rocks_store.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {

/// Stores that earlier releases have written. tests/rocks/make_earlier_store.py says what is in those of versions 2 and
/// 3; that of version 1 was killed, and has 12 events of `acme`, of which 10 are unacknowledged.
class EarlierVersion : public testing::Test {
 protected:
  void unpack(const std::string& name) {
    const std::string command =
        "tar -xzf '" + std::string{TRIGGERS_EARLIER_STORES} + "/" + name + ".tar.gz' -C '" + (directory / "") + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  /// Its windows and times to live last longer than this test will be run.
  [[nodiscard]] RocksConfig config_of(const std::string& name, Access access = Access::write) const {
    RocksConfig config;
    config.data_dir = directory / name;
    config.access = access;
    config.memory_bytes = 8 * 1024 * 1024;
    config.background = false;
    config.dedup_window = config.idempotency_window = config.event_ttl = std::chrono::hours{24 * 365 * 100};
    return config;
  }
  [[nodiscard]] std::string format_of(const std::string& name) const {
    std::ifstream file(directory / (name + "/FORMAT"));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write_format_of(const std::string& name, const std::string& text) const {
    std::ofstream(directory / (name + "/FORMAT")) << text;
  }
  /// The word of FORMAT at this place: the name, the version, the id, the stage.
  [[nodiscard]] std::string word_of_format(const std::string& name, std::size_t place) const {
    std::istringstream words(format_of(name));
    std::string word;
    for (std::size_t i = 0; i <= place; ++i) {
      word.clear();
      words >> word;
    }
    return word;
  }

  /// Payloads of the unacknowledged events, oldest first.
  static std::vector<std::string> payloads(RocksStore& store, const Tenant& tenant,
                                           std::optional<std::string> event_type = {}) {
    std::vector<std::string> found;
    for (PageQuery query{.limit = 30, .event_type = std::move(event_type)};;) {
      const auto page = sync_wait(store.page(tenant, query));
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return found;
      for (const auto& event : page->events) found.push_back(event.payload);
      if (!page->has_more) {
        EXPECT_TRUE(query.event_type || page->total_unacknowledged == found.size());
        return found;
      }
      query.after = page->next_after;
    }
  }
  /// What each of the two tenants of a store of version 2 or 3 has not acknowledged.
  static std::vector<std::string> expected_payloads(std::size_t first, std::size_t step) {
    std::vector<std::string> expected;
    for (std::size_t number = first; number < 125; number += step) {
      if (number % 5 != 0) expected.push_back(numbered(number).payload);
    }
    return expected;
  }
  static void expect_whole(RocksStore& store, const std::string& name) {
    if (name == "version_1") {
      EXPECT_EQ(payloads(store, acme).size(), 10U);
      return;
    }
    for (const Tenant& tenant : {acme, globex}) EXPECT_EQ(payloads(store, tenant), expected_payloads(0, 1));
  }
  void open_and_expect_whole(const std::string& directory_name, const std::string& name, Access access) {
    const auto store = RocksStore::open(config_of(directory_name, access));
    ASSERT_TRUE(store) << store.error().message;
    expect_whole(**store, name);
  }

  inline static const Tenant acme{"acme"}, globex{"globex"};
  testing_support::ScratchDirectory directory{testing_support::ScratchDirectory::in_memory()};
};

}  // namespace triggers::store
