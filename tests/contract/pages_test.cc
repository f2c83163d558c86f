// Pages from the oldest event on, filters, continuations and the memory that pages may take, on every engine. Newest
// first: newest_first_test.cc.

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/sync_wait.h"
#include "contract/store_contract.h"

namespace triggers::store::contract {
namespace {

TRIGGERS_CONTRACT(PagesContract);

TEST_P(PagesContract, PagesOfEverySizeAreTheWholeInbox) {
  const auto ids = fill(203);
  for (const std::size_t limit : {1U, 2U, 7U, 50U, 101U, 200U}) {
    EXPECT_EQ(ids_of(drain({.limit = limit})), ids) << limit;
  }
}

TEST_P(PagesContract, LastFullPageHasNoMore) {
  fill(10);
  const Page whole = page({.limit = 10});
  EXPECT_EQ(whole.events.size(), 10U);
  EXPECT_FALSE(whole.has_more);
  const Page part = page({.limit = 9});
  EXPECT_TRUE(part.has_more);
  EXPECT_EQ(page({.after = part.next_after, .limit = 9}).events.size(), 1U);
  EXPECT_EQ(part.total_unacknowledged, 10U);
}

TEST_P(PagesContract, ReaderThatDoesNotAcknowledgeGoesOnFromTheEnd) {
  EXPECT_FALSE(page().next_after);
  fill(10);
  Page last = page({.limit = 10});
  EXPECT_FALSE(last.has_more);
  for (std::size_t round = 0; round < 3; ++round) {
    ASSERT_TRUE(last.next_after);
    const Page nothing = page({.after = last.next_after});
    EXPECT_TRUE(nothing.events.empty());
    EXPECT_FALSE(nothing.has_more);
    ASSERT_TRUE(nothing.next_after);
    const auto later = fill(3, 100 * (round + 1));
    if (round == 1) acknowledge(later[0]);
    last = page({.after = nothing.next_after});
    EXPECT_EQ(ids_of(last.events), std::vector(later.begin() + (round == 1 ? 1 : 0), later.end()));
    restart();
  }
}

TEST_P(PagesContract, FilteredReaderContinuesAfterWhatItsFilterHasSkipped) {
  options.filter_time_max = std::chrono::milliseconds(0);
  const auto other = [&](std::size_t first) { fill(2'500, first); };
  Draft draft = numbered(9'000);
  draft.event_type = "rare";
  append(draft);
  other(0);
  PageQuery query{.event_type = "rare"};
  const auto follow = [&] {
    std::vector<EventId> seen;
    std::size_t pages = 0;
    for (bool more = true; more; ++pages) {
      const Page next = page(query);
      for (const auto& event : next.events) seen.push_back(event.id);
      query.after = next.next_after;
      more = next.has_more;
    }
    return std::pair{seen, pages};
  };
  EXPECT_EQ(follow().first.size(), 1U);
  ASSERT_TRUE(query.after);
  clock.advance(std::chrono::seconds{10});
  follow();
  // What the filter has passed it does not go over again.
  EXPECT_EQ(follow().second, 1U);
  draft = numbered(9'001);
  draft.event_type = "rare";
  const auto rare = append(draft).id;
  EXPECT_EQ(follow().first, std::vector{rare});
}

TEST_P(PagesContract, PageStartsAfterAnIdThatWasNeverOrIsNoLongerPending) {
  const auto ids = fill(5);
  acknowledge(ids[1]);
  EXPECT_EQ(ids_of(page({.after = continue_after(ids[1])}).events), (std::vector{ids[2], ids[3], ids[4]}));
  EXPECT_EQ(ids_of(page({.after = continue_after(EventId{})}).events), (std::vector{ids[0], ids[2], ids[3], ids[4]}));
  EventId last;
  last.bytes.fill(0xff);
  EXPECT_TRUE(page({.after = continue_after(last)}).events.empty());
  EXPECT_FALSE(page({.after = continue_after(last)}).has_more);
}

TEST_P(PagesContract, ContinuationThatIsNotOursIsRefused) {
  fill(3);
  for (const std::size_t bytes : {0U, 15U, 17U, 28U}) {
    for (const auto order : {PageOrder::oldest_first, PageOrder::newest_first}) {
      PageQuery query;
      query.order = order;
      query.after = Continuation{std::string(bytes, 'x')};
      const auto refused = sync_wait(inbox().page(tenant, query));
      ASSERT_FALSE(refused) << bytes;
      EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << bytes;
    }
  }
}

TEST_P(PagesContract, AcknowledgedBetweenPagesSkipsAndRepeatsNothing) {
  const auto ids = fill(60);
  std::vector<EventId> seen;
  PageQuery query{.limit = 10};
  for (;;) {
    const Page next = page(query);
    for (const auto& event : next.events) seen.push_back(event.id);
    acknowledge(ids_of(next.events));
    if (!next.has_more) break;
    query.after = next.next_after;
  }
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(unacknowledged(), 0U);
}

TEST_P(PagesContract, AcknowledgedInAnyOrderLeavesTheRest) {
  const auto ids = fill(100);
  std::vector<EventId> left;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::size_t at = i * 37 % ids.size();
    if (at % 10 == 3) continue;
    acknowledge(ids[at]);
    if (i % 20 == 0) page();
  }
  for (std::size_t i = 3; i < ids.size(); i += 10) left.push_back(ids[i]);
  EXPECT_EQ(ids_of(drain({.limit = 3})), left);
  restart();
  EXPECT_EQ(ids_of(drain({.limit = 3})), left);
  EXPECT_EQ(unacknowledged(), left.size());
}

TEST_P(PagesContract, PagesReadWhileOthersWriteAndAcknowledgeRepeatAndSkipNothing) {
  const auto before = fill(400);
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
  for (int round = 0; round < 6; ++round) {
    const auto seen = ids_of(drain({.limit = 17}));
    EXPECT_EQ(std::set<EventId>(seen.begin(), seen.end()).size(), seen.size());
    EXPECT_TRUE(std::ranges::equal(seen, std::set<EventId>(seen.begin(), seen.end())));
    const std::set<EventId> all(seen.begin(), seen.end());
    for (std::size_t i = 1; i < before.size(); i += 2) EXPECT_TRUE(all.contains(before[i])) << i;
    may_append += 1'000;
  }
  done = true;
}

TEST_P(PagesContract, EventAcceptedBeforeItsPageIsAskedForIsOnIt) {
  // A cursor at the end finds every event that is accepted later: none is committed behind it.
  engine();
  std::atomic<bool> done{false};
  std::vector<std::jthread> writers;
  std::array<std::set<EventId>, 3> accepted;
  for (std::size_t thread = 0; thread < accepted.size(); ++thread) {
    writers.emplace_back([&, thread] {
      for (std::size_t i = 0; i < 150; ++i) accepted[thread].insert(append(numbered(thread * 1'000 + i)).id);
    });
  }
  std::jthread waiter([&] {
    writers.clear();
    done = true;
  });
  std::vector<EventId> followed;
  PageQuery query{.limit = 20};
  for (bool last = false; !last;) {
    last = done;
    for (bool more = true; more;) {
      const Page next = page(query);
      for (const auto& event : next.events) followed.push_back(event.id);
      query.after = next.next_after;
      more = next.has_more;
    }
  }
  std::set<EventId> all;
  for (const auto& ids : accepted) all.insert(ids.begin(), ids.end());
  if (!engine().orders_by_commit()) std::ranges::sort(followed);
  EXPECT_EQ(followed, std::vector<EventId>(all.begin(), all.end()));
}

TEST_P(PagesContract, FilterFindsItsTypeAndCountsTheWholeInbox) {
  std::vector<EventId> wanted;
  for (std::size_t i = 0; i < 60; ++i) {
    Draft draft = numbered(i);
    draft.event_type = i % 7 == 2 ? "wanted" : i % 2 == 0 ? "wante" : "wanted.not";
    const auto answer = append(draft);
    if (draft.event_type == "wanted") wanted.push_back(answer.id);
  }
  for (const std::size_t limit : {1U, 3U, 9U, 50U}) {
    EXPECT_EQ(ids_of(drain({.limit = limit, .event_type = "wanted"})), wanted) << limit;
  }
  EXPECT_EQ(page({.limit = 2, .event_type = "wanted"}).total_unacknowledged, 60U);
  EXPECT_TRUE(drain({.event_type = "unknown"}).empty());
  EXPECT_TRUE(drain({.event_type = ""}).empty());
}

TEST_P(PagesContract, FilterWithoutTimeWalksInShortPagesAndLosesNothing) {
  options.filter_time_max = std::chrono::milliseconds(0);
  options.dedup_window = std::chrono::seconds(0);  // On DynamoDB, each event would be two writes.
  std::vector<EventId> wanted;
  for (std::size_t block = 0; block < 3; ++block) {
    fill(2'500, block * 10'000);
    for (std::size_t i = 0; i < 3; ++i) {
      Draft draft = numbered(block * 10'000 + 9'000 + i);
      draft.event_type = "rare";
      wanted.push_back(append(draft).id);
    }
  }
  fill(2'500, 50'000);
  for (const std::size_t limit : {1U, 2U, 50U}) {
    EXPECT_EQ(ids_of(drain({.limit = limit, .event_type = "rare"})), wanted) << limit;
  }
}

TEST_P(PagesContract, PagesOfLargeEventsAreTheWholeInbox) {
  std::vector<EventId> ids;
  for (int i = 0; i < 70; ++i) {
    const std::string text(256 * 1024 - 40, static_cast<char>('a' + i % 26));
    ids.push_back(append({.payload = R"({"text":")" + text + std::to_string(i) + R"("})"}).id);
  }
  const auto all = drain({.limit = 200});
  EXPECT_EQ(ids_of(all), ids);
  for (const auto& event : all) EXPECT_GT(event.payload.size(), 256U * 1024 - 40);
}

TEST_P(PagesContract, PageForWhichThereIsNoMemoryIsOverloadedAndKeepsNone) {
  for (int i = 0; i < 20; ++i)
    append({.payload = R"({"text":")" + std::string(1'000, 'x') + std::to_string(i) + "\"}"});
  append({.event_type = "small", .payload = "{}"});
  FairBudget memory(30'000);
  {
    FairBudget::Share other(&memory, "other");
    ASSERT_TRUE(other.grow(20'000));
    const auto refused = sync_wait(inbox().page(tenant, {.memory = &memory}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
    EXPECT_EQ(memory.bytes(), 20'000U);
  }
  {
    const Page fits = page({.memory = &memory});
    EXPECT_EQ(fits.events.size(), 21U);
    EXPECT_GT(memory.bytes(), 20'000U);
  }
  EXPECT_EQ(memory.bytes(), 0U);
  // What was passed over does not count.
  const Page filtered = page({.event_type = "small", .memory = &memory});
  EXPECT_EQ(filtered.events.size(), 1U);
  EXPECT_LT(memory.bytes(), 1'000U);
}

TEST_P(PagesContract, PagesOfOneTenantLeaveRoomForThoseOfAnother) {
  const Tenant other{"other"};
  for (int i = 0; i < 20; ++i) {
    const Draft draft{.payload = R"({"text":")" + std::string(1'000, 'x') + std::to_string(i) + "\"}"};
    append(draft);
    append(other, draft);
  }
  FairBudget memory(100'000);
  std::vector<Page> held;
  for (;;) {
    auto read = sync_wait(inbox().page(tenant, {.memory = &memory}));
    if (!read) break;
    held.push_back(std::move(*read));
    ASSERT_LT(held.size(), 10U);
  }
  EXPECT_GE(held.size(), 1U);
  EXPECT_LE(memory.bytes(), 50'000U);
  EXPECT_EQ(page(other, {.memory = &memory}).events.size(), 20U);
}

TEST_P(PagesContract, AnotherInboxIsEmpty) {
  fill(3);
  const Page other = page({.inbox = "other"});
  EXPECT_TRUE(other.events.empty());
  EXPECT_EQ(other.total_unacknowledged, 0U);
}

}  // namespace
}  // namespace triggers::store::contract
