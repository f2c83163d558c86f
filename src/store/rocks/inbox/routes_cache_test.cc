#include "store/rocks/inbox/routes_cache.h"

#include <gtest/gtest.h>

#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

std::shared_ptr<const Roster> new_roster() {
  auto state = std::make_shared<InboxState>("acme", layout::inbox_place(0));
  return std::make_shared<const Roster>(std::vector{roster_entry(InboxRecord(), std::move(state))});
}

Routes routes_of(std::size_t filter_bytes = 0) {
  InboxRecord record;
  record.settings.filter = R"({"event_type":["a"]})" + std::string(filter_bytes, ' ');
  return Routes::make({record}).value();
}

TEST(RoutesCache, FindsTheRoutesOfTheSameRosterOnly) {
  RoutesCache cache;
  const auto roster = new_roster();
  EXPECT_FALSE(cache.find("acme", *roster));
  cache.put("acme", roster, routes_of());
  EXPECT_TRUE(cache.find("acme", *roster));
  EXPECT_FALSE(cache.find("acme", *new_roster()));
  EXPECT_FALSE(cache.find("globex", *roster));
}

TEST(RoutesCache, NewRoutesOfATenantReplaceTheOld) {
  RoutesCache cache;
  const auto before = new_roster(), after = new_roster();
  cache.put("acme", before, routes_of());
  const std::size_t bytes = cache.bytes();
  cache.put("acme", after, routes_of());
  EXPECT_EQ(cache.bytes(), bytes);
  EXPECT_FALSE(cache.find("acme", *before));
  EXPECT_TRUE(cache.find("acme", *after));
  EXPECT_EQ(before.use_count(), 1);
}

TEST(RoutesCache, DropsWhatWasUsedLongestAgo) {
  const std::size_t bytes = routes_of().memory_bytes();
  RoutesCache cache(3 * bytes);
  const auto roster = new_roster();
  for (const char* tenant : {"a", "b", "c"}) cache.put(tenant, roster, routes_of());
  EXPECT_TRUE(cache.find("a", *roster));
  cache.put("d", roster, routes_of());
  EXPECT_FALSE(cache.find("b", *roster));
  for (const char* tenant : {"a", "c", "d"}) EXPECT_TRUE(cache.find(tenant, *roster)) << tenant;
  EXPECT_EQ(cache.bytes(), 3 * bytes);
}

TEST(RoutesCache, RoutesLargerThanTheLimitAreNotKept) {
  RoutesCache cache(routes_of().memory_bytes());
  const auto roster = new_roster();
  cache.put("acme", roster, routes_of());
  cache.put("acme", roster, routes_of(100));
  EXPECT_FALSE(cache.find("acme", *roster));
  EXPECT_EQ(cache.bytes(), 0U);
  EXPECT_EQ(roster.use_count(), 1);
}

}  // namespace
}  // namespace triggers::store
