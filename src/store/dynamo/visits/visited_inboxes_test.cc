#include "store/dynamo/visits/visited_inboxes.h"

#include <gtest/gtest.h>

namespace triggers::store::dynamo {
namespace {

UnixMillis at(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

InboxFigures figures(std::string tenant, std::string inbox, std::uint64_t available) {
  InboxFigures one{.tenant = std::move(tenant), .inbox = std::move(inbox)};
  one.counts.available = available;
  one.oldest_available = at(1'000 + static_cast<std::int64_t>(available));
  return one;
}

TEST(VisitedInboxes, SumsAndTheOldestEntryAreThoseOfAllTenants) {
  VisitedInboxes visited;
  visited.visited({"a"}, at(1), {figures("a", "x", 5), figures("a", "y", 2)}, {"x", "y"});
  visited.visited({"b"}, at(1), {figures("b", "x", 3)}, {"x"});
  const InboxTotals totals = visited.totals();
  EXPECT_EQ(totals.inboxes, 3U);
  EXPECT_EQ(totals.counts.available, 10U);
  EXPECT_EQ(totals.oldest_available, at(1'002));
  ASSERT_EQ(totals.shown.size(), 3U);
  EXPECT_EQ(totals.shown.front().inbox, "x");
}

TEST(VisitedInboxes, TenantThatAnotherNodeHasVisitedIsForgotten) {
  VisitedInboxes visited;
  visited.visited({"a"}, at(10), {figures("a", "x", 5)}, {"x"});
  visited.seen({.tenant = {"a"}, .next = at(10)});
  EXPECT_EQ(visited.totals().inboxes, 1U);
  visited.seen({.tenant = {"a"}, .next = at(11)});
  EXPECT_EQ(visited.totals().inboxes, 0U);
}

TEST(VisitedInboxes, InboxThatAVisitDidNotGetToKeepsItsFiguresUnlessItIsGone) {
  VisitedInboxes visited;
  visited.visited({"a"}, at(1), {figures("a", "x", 1), figures("a", "y", 1), figures("a", "z", 1)}, {"x", "y", "z"});
  visited.visited({"a"}, at(2), {figures("a", "x", 7)}, {"x", "y"});
  EXPECT_EQ(visited.totals().inboxes, 2U);
  EXPECT_EQ(visited.totals().counts.available, 8U);
}

TEST(VisitedInboxes, ShowsTheFullestInboxOfEveryTenantFirst) {
  VisitedInboxes visited;
  std::vector<InboxFigures> many;
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < VisitedInboxes::shown_max + 20; ++i) {
    many.push_back(figures("many", "i" + std::to_string(i), 1'000 + i));
    names.insert("i" + std::to_string(i));
  }
  visited.visited({"many"}, at(1), many, names);
  visited.visited({"one"}, at(1), {figures("one", "x", 1)}, {"x"});
  const InboxTotals totals = visited.totals();
  EXPECT_EQ(totals.inboxes, VisitedInboxes::shown_max + 21);
  ASSERT_EQ(totals.shown.size(), VisitedInboxes::shown_max);
  EXPECT_EQ(totals.shown.back().tenant, "one");
}

}  // namespace
}  // namespace triggers::store::dynamo
