// Pages from the newest event backwards, on every engine. Oldest first: pages_test.cc.

#include <algorithm>
#include <atomic>
#include <thread>

#include "contract/store_contract.h"

namespace triggers::store::contract {
namespace {

TRIGGERS_CONTRACT(NewestFirstContract);

constexpr auto newest_first = PageOrder::newest_first;

std::vector<EventId> reversed(std::vector<EventId> ids) {
  std::ranges::reverse(ids);
  return ids;
}

TEST_P(NewestFirstContract, PagesOfEverySizeAreTheWholeInboxBackwards) {
  const auto ids = fill(203);
  for (const std::size_t limit : {1U, 2U, 7U, 50U, 101U, 200U}) {
    EXPECT_EQ(ids_of(drain({.order = newest_first, .limit = limit})), reversed(ids)) << limit;
  }
  restart();
  EXPECT_EQ(ids_of(drain({.order = newest_first, .limit = 40})), reversed(ids));
}

TEST_P(NewestFirstContract, FirstPageIsTheNewestHoweverManyWait) {
  const auto ids = fill(1'000);
  const Page newest = page({.order = newest_first, .limit = 3});
  EXPECT_EQ(ids_of(newest.events), (std::vector{ids[999], ids[998], ids[997]}));
  EXPECT_TRUE(newest.has_more);
  EXPECT_EQ(newest.total_unacknowledged, 1'000U);
  const auto later = append(numbered(5'000)).id;
  EXPECT_EQ(page({.order = newest_first, .limit = 1}).events.at(0).id, later);
}

TEST_P(NewestFirstContract, NewAndAcknowledgedEventsMoveNoPage) {
  const auto ids = fill(60);
  std::vector<EventId> seen;
  PageQuery query{.order = newest_first, .limit = 7};
  for (std::size_t added = 0;;) {
    const Page next = page(query);
    for (const auto& event : next.events) seen.push_back(event.id);
    acknowledge(ids_of(next.events));
    fill(3, 1'000 + added);
    added += 3;
    if (!next.has_more) break;
    query.after = next.next_after;
  }
  EXPECT_EQ(seen, reversed(ids));
}

TEST_P(NewestFirstContract, EventAcknowledgedBeforeItsPageIsNotShown) {
  const auto ids = fill(20);
  const Page first = page({.order = newest_first, .limit = 5});
  acknowledge({ids[14], ids[10], ids[0], ids[1]});
  std::vector<EventId> left;
  for (std::size_t i = 13; i > 1; --i) {
    if (i != 10) left.push_back(ids[i]);
  }
  EXPECT_EQ(ids_of(drain({.order = newest_first, .after = first.next_after, .limit = 4})), left);
}

TEST_P(NewestFirstContract, ContinuationOfTheLastPageLeadsToAnEmptyPage) {
  fill(10);
  const Page whole = page({.order = newest_first, .limit = 10});
  EXPECT_FALSE(whole.has_more);
  ASSERT_TRUE(whole.next_after);
  fill(5, 100);
  const Page behind = page({.order = newest_first, .after = whole.next_after});
  EXPECT_TRUE(behind.events.empty());
  EXPECT_FALSE(behind.has_more);
  EXPECT_TRUE(behind.next_after);
}

TEST_P(NewestFirstContract, FilterFindsItsTypeBackwards) {
  std::vector<EventId> wanted;
  for (std::size_t i = 0; i < 60; ++i) {
    Draft draft = numbered(i);
    draft.event_type = i % 7 == 2 ? "wanted" : "wante";
    const auto answer = append(draft);
    if (draft.event_type == "wanted") wanted.push_back(answer.id);
  }
  for (const std::size_t limit : {1U, 3U, 9U, 50U}) {
    EXPECT_EQ(ids_of(drain({.order = newest_first, .limit = limit, .event_type = "wanted"})), reversed(wanted))
        << limit;
  }
  EXPECT_TRUE(drain({.order = newest_first, .event_type = "unknown"}).empty());
}

TEST_P(NewestFirstContract, FilterWithoutTimeWalksInShortPagesAndLosesNothing) {
  options.filter_time_max = std::chrono::milliseconds(0);
  options.dedup_window = std::chrono::seconds(0);  // On DynamoDB, each event would be two writes.
  std::vector<EventId> wanted;
  fill(2'500, 50'000);
  for (std::size_t block = 0; block < 2; ++block) {
    for (std::size_t i = 0; i < 3; ++i) {
      Draft draft = numbered(block * 10'000 + 9'000 + i);
      draft.event_type = "rare";
      wanted.push_back(append(draft).id);
    }
    fill(2'500, block * 10'000);
  }
  EXPECT_EQ(ids_of(drain({.order = newest_first, .limit = 2, .event_type = "rare"})), reversed(wanted));
}

TEST_P(NewestFirstContract, PagesOfLargeEventsAreTheWholeInbox) {
  std::vector<EventId> ids;
  for (int i = 0; i < 40; ++i) {
    const std::string text(256 * 1024 - 40, static_cast<char>('a' + i % 26));
    ids.push_back(append({.payload = R"({"text":")" + text + std::to_string(i) + R"("})"}).id);
  }
  EXPECT_EQ(page({.order = newest_first, .limit = 200}).events.at(0).id, ids.back());
  EXPECT_EQ(ids_of(drain({.order = newest_first, .limit = 200})), reversed(ids));
}

TEST_P(NewestFirstContract, ReadWhileOthersWriteAndAcknowledgeRepeatsAndSkipsNothing) {
  const auto before = fill(300);
  std::atomic<bool> done{false};
  // A writer without a bound may outrun a reader for ever.
  std::atomic<std::size_t> may_append{1'000};
  std::jthread writer([&] {
    for (std::size_t i = 0; !done; ++i) {
      while (i == may_append && !done) std::this_thread::yield();
      const auto answer = append(numbered(10'000 + i));
      if (i % 2 == 0) acknowledge(answer.id);
    }
  });
  std::jthread acknowledger([&] {
    for (std::size_t i = 0; i < before.size(); i += 2) acknowledge(before[i]);
  });
  for (int round = 0; round < 4; ++round) {
    const auto seen = ids_of(drain({.order = newest_first, .limit = 17}));
    const std::set<EventId> all(seen.begin(), seen.end());
    EXPECT_TRUE(std::equal(seen.begin(), seen.end(), all.rbegin(), all.rend()));
    for (std::size_t i = 1; i < before.size(); i += 2) EXPECT_TRUE(all.contains(before[i])) << i;
    may_append += 1'000;
  }
  done = true;
}

}  // namespace
}  // namespace triggers::store::contract
