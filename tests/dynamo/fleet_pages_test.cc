// Pages that are read while several nodes write. Pages of one node are in tests/contract.

#include <set>
#include <thread>

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;

class FleetPagesTest : public FleetTest {
 protected:
  std::vector<EventId> fill(Node& at, std::size_t count, std::size_t first = 0) {
    std::vector<EventId> ids;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(append(at, numbered(first + i)).id);
    return ids;
  }
  /// Follows the pages to where there are no more, and adds to what was seen.
  std::optional<Continuation> follow(Node& at, std::optional<Continuation> after, std::vector<EventId>& seen,
                                     std::size_t limit = 10) {
    for (;;) {
      const Page next = page(at, {.after = after, .limit = limit});
      for (const auto& event : next.events) seen.push_back(event.id);
      after = next.next_after;
      if (!next.has_more) return after;
    }
  }

  Node one_ = node(), two_ = node();
};

TEST_F(FleetPagesTest, EventOfASlowWriterIsOnALaterPageThoughItsIdIsEarlier) {
  std::vector<EventId> seen;
  std::optional<Continuation> place;
  std::vector<EventId> others;
  bool first = true;
  two_.caller->before = [&](ApiCall api_call, const boost::json::object& body) {
    if (!first || api_call != ApiCall::put_item || !writes(body, "q#")) return;
    first = false;
    // The id is made; before the event is there, others overtake it and are read.
    clock.advance(900ms);
    std::jthread([&] {
      others = fill(one_, 25, 100);
      place = follow(one_, {}, seen);
    }).join();
    clock.advance(900ms);
  };
  const auto slow = append(two_, numbered(1)).id;
  EXPECT_EQ(seen, others);
  EXPECT_LT(slow, others.front());
  const auto later = fill(one_, 3, 200);
  place = follow(one_, place, seen);
  std::multiset<EventId> expected(others.begin(), others.end());
  expected.insert(slow);
  expected.insert(later.begin(), later.end());
  EXPECT_EQ(std::multiset<EventId>(seen.begin(), seen.end()), expected);
  // When all of it is settled, no event is returned again.
  clock.advance(10s);
  follow(one_, place, seen);
  EXPECT_EQ(seen.size(), expected.size());
}

TEST_F(FleetPagesTest, NewestFirstShowsOnceWhatWasThereThoughEventsOfSlowWritersComeLater) {
  const auto before = fill(one_, 15);
  clock.advance(1ms);  // Ids of one millisecond that two nodes make are in no order.
  std::vector<EventId> seen;
  std::vector<EventId> others;
  PageQuery query{.order = PageOrder::newest_first, .limit = 10};
  bool first = true;
  two_.caller->before = [&](ApiCall api_call, const boost::json::object& body) {
    if (!first || api_call != ApiCall::put_item || !writes(body, "q#")) return;
    first = false;
    // The id is made; before the event is there, others overtake it, and the newest of them are read.
    clock.advance(900ms);
    std::jthread([&] {
      others = fill(one_, 12, 100);
      const Page newest = page(one_, query);
      for (const auto& event : newest.events) seen.push_back(event.id);
      query.after = newest.next_after;
    }).join();
  };
  const auto slow = append(two_, numbered(1'000)).id;
  EXPECT_LT(slow, others.front());
  const auto later = fill(one_, 3, 200);
  for (bool more = true; more;) {
    const Page next = page(one_, query);
    for (const auto& event : next.events) seen.push_back(event.id);
    query.after = next.next_after;
    more = next.has_more;
  }
  // The slow one is behind the place of the first page; the later ones are in front of it.
  std::vector<EventId> expected(others.rbegin(), others.rend());
  expected.push_back(slow);
  expected.insert(expected.end(), before.rbegin(), before.rend());
  EXPECT_EQ(seen, expected);
  EXPECT_TRUE(id_of(*query.after));
}

TEST_F(FleetPagesTest, NewestFirstRefusesAContinuationOfTheOtherOrder) {
  fill(one_, 30);
  PageQuery query{.limit = 10};
  query.after = page(one_, query).next_after;
  query.order = PageOrder::newest_first;
  const auto refused = sync_wait(one_.store->page(tenant, query));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
}

TEST_F(FleetPagesTest, ContinuationOfSettledEventsIsAnIdAlone) {
  fill(one_, 30);
  const Page fresh = page(one_, {.limit = 10});
  EXPECT_GT(fresh.next_after->bytes.size(), 116U);
  clock.advance(10s);
  const Page settled = page(one_, {.limit = 10});
  EXPECT_EQ(settled.next_after, continue_after(settled.events.back().id));
  // By now the fresh page's events are settled, so the next continuation is an id again.
  const Page next = page(one_, {.after = fresh.next_after, .limit = 10});
  EXPECT_TRUE(id_of(*next.next_after));
  EXPECT_GT(next.events.front().id, fresh.events.back().id);
}

TEST_F(FleetPagesTest, PagesWaitForEventsToSettleWhenAContinuationIsFull) {
  config.page.returned_max = 20;
  Node node = this->node(config);
  const auto ids = fill(node, 30);
  std::vector<EventId> seen;
  PageQuery query{.limit = 20};
  const Page first = page(node, query);
  for (const auto& event : first.events) seen.push_back(event.id);
  query.after = first.next_after;
  const Page full = page(node, query);
  EXPECT_TRUE(full.events.empty());
  EXPECT_TRUE(full.has_more);
  clock.advance(10s);
  follow(node, full.next_after, seen);
  EXPECT_EQ(seen, ids);
}

TEST_F(FleetPagesTest, ShardsGrowWithoutAnEventThatAnOldNodeDoesNotSee) {
  config.shards = 2;
  Node old_node = node(config);
  fill(old_node, 8);
  config.shards = 16;
  Node new_node = node(config);
  fill(new_node, 32, 100);
  // The old node has just read that there are two.
  EXPECT_EQ(page(old_node, {.limit = 200}).events.size(), 40U);
  std::set<unsigned> used;
  for (const auto& event : page(new_node, {.limit = 200}).events) used.insert(event.id.bytes[15]);
  EXPECT_EQ(used, (std::set<unsigned>{0, 1}));
  clock.advance(20s);
  for (const EventId& id : fill(new_node, 32, 200)) used.insert(id.bytes[15]);
  EXPECT_EQ(used.size(), 16U);
  EXPECT_EQ(page(old_node, {.limit = 200}).events.size(), 72U);
  // A node that wants fewer reads them all the same.
  config.shards = 1;
  Node small_node = node(config);
  EXPECT_EQ(page(small_node, {.limit = 200}).events.size(), 72U);
}

TEST_F(FleetPagesTest, ShardsThatAreRaisedTwiceInQuickSuccessionAreWrittenToOnceEveryReaderKnowsThem) {
  config.shards = 2;
  Node reader = node();
  fill(reader, 4);
  config.shards = 4;
  Node second = node();
  fill(second, 4, 100);
  clock.advance(1s);
  config.shards = 16;
  Node third = node();
  fill(third, 32, 200);
  // The first one has not looked since there were two.
  EXPECT_EQ(page(reader, {.limit = 200}).events.size(), 40U);
  clock.advance(20s);
  std::set<unsigned> used;
  for (const EventId& id : fill(third, 32, 300)) used.insert(id.bytes[15]);
  EXPECT_EQ(used.size(), 16U);
  EXPECT_EQ(page(reader, {.limit = 200}).events.size(), 72U);
}

TEST_F(FleetPagesTest, CountOfTwoNodesIsRightOnceBothHaveAddedToIt) {
  fill(one_, 30);
  fill(two_, 30, 100);
  acknowledge(two_, page(two_).events.front().id);
  sync_wait(one_.store->flush_counts(true));
  sync_wait(two_.store->flush_counts(true));
  EXPECT_EQ(page(one_, {.limit = 10}).total_unacknowledged, 59U);
  EXPECT_EQ(page(two_, {.limit = 10}).total_unacknowledged, 59U);
}

TEST_F(FleetPagesTest, NodeThatMayStandStillAfterAnyRequestWritesItsCountAtOnceAndABusyOneNotForEachRequest) {
  int written = 0;
  one_.caller->before = [&](dynamo::ApiCall api_call, const auto&) {
    written += api_call == dynamo::ApiCall::update_item ? 1 : 0;
  };
  for (std::size_t i = 0; i < 50; ++i) {
    append(one_, numbered(i));
    sync_wait(one_.store->flush_counts_spaced());
  }
  EXPECT_EQ(written, 1);
  EXPECT_EQ(page(two_, {.limit = 1}).total_unacknowledged, 2U);  // The first one, and that there are more.
  clock.advance(2s);
  append(one_, numbered(50));
  sync_wait(one_.store->flush_counts_spaced());
  EXPECT_EQ(page(two_, {.limit = 1}).total_unacknowledged, 51U);
}

TEST_F(FleetPagesTest, CountIsLeftAloneWhileAnotherNodeHasSomethingToAdd) {
  fill(one_, 3);
  sync_wait(one_.store->flush_counts(true));
  clock.advance(20s);
  fill(two_, 2, 100);
  EXPECT_EQ(page(one_).total_unacknowledged, 5U);  // The whole inbox: the item says 3.
  sync_wait(two_.store->flush_counts(true));
  EXPECT_EQ(page(one_, {.limit = 2}).total_unacknowledged, 5U);
}

TEST_F(FleetPagesTest, CountThatAKilledNodeHasLeftWrongIsSetRightByAPageOfTheWholeInbox) {
  fill(one_, 30);
  sync_wait(one_.store->flush_counts(true));
  fill(two_, 10, 100);  // And it ends without adding them.
  EXPECT_EQ(page(one_, {.limit = 10}).total_unacknowledged, 30U);
  EXPECT_EQ(page(one_, {.limit = 200}).total_unacknowledged, 40U);
  EXPECT_EQ(page(one_, {.limit = 10}).total_unacknowledged, 30U);
  clock.advance(20s);
  EXPECT_EQ(page(one_, {.limit = 200}).total_unacknowledged, 40U);
  EXPECT_EQ(page(one_, {.limit = 10}).total_unacknowledged, 40U);
}

}  // namespace
}  // namespace triggers::store
