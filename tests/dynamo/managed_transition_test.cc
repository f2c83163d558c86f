// A plain tenant becomes managed: what it has stays as it is, and what nodes do that do not know of it yet neither
// loses nor doubles anything.

#include <thread>

#include "dynamo/managed_fleet.h"
#include "store/dynamo/events/log_items.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;
using Outcome = Appended::Outcome;
using Numbers = std::set<std::uint64_t>;

class ManagedTransitionTest : public ManagedFleetTest {
 protected:
  /// Does `work` on a thread of its own, once, before the first call of `at` for which `when` is true.
  template <class When>
  void before_call(Node& at, When when, std::function<void()> work) {
    at.caller->before = [done = false, when, work = std::move(work)](ApiCall api_call, const auto& body) mutable {
      if (done || !when(api_call, body)) return;
      done = true;
      std::jthread([&] { work(); }).join();
    };
  }
  static bool puts_acknowledged(ApiCall api_call, const boost::json::object& body) {
    return api_call == ApiCall::put_item && writes(body, "d#");
  }
  static bool removes_pending(ApiCall api_call, const boost::json::object& body) {
    return api_call == ApiCall::delete_item && writes(body, "q#");
  }

  Node one_ = node(), two_ = node();
};

TEST_F(ManagedTransitionTest, PlainTenantIsReadAsBeforeWithoutAnyItemOfSettings) {
  const EventId first = append(one_, numbered(1)).id;
  const EventId second = append(one_, numbered(2)).id;
  EXPECT_EQ(acknowledge(two_, first), AckStatus::acknowledged);
  EXPECT_EQ(paged(two_), Ids{second});
  EXPECT_TRUE(items("s#").empty());
  EXPECT_TRUE(items("r#").empty());
  ASSERT_EQ(items("d#").size(), 1U);
  EXPECT_TRUE(items("d#")[0].contains("d"));
}

TEST_F(ManagedTransitionTest, WhatAPlainTenantHasStaysInItsInboxAndInItsLog) {
  config.inboxes = false;  // As a release that knows no inboxes.
  Node old = node();
  Ids ids;
  for (std::size_t i = 0; i < 4; ++i) ids.push_back(append(old, numbered(i)).id);
  EXPECT_EQ(acknowledge(old, ids[0]), AckStatus::acknowledged);
  const UnixMillis then = clock.now();
  clock.advance(1h);
  put(one_, crm);
  EXPECT_EQ(paged(two_).size(), 3U);
  EXPECT_EQ(entries(two_).size(), 3U);
  EXPECT_TRUE(entries(two_, crm).empty());
  EXPECT_EQ(get(two_, ids[0])->acknowledged_at, then);
  EXPECT_FALSE(get(two_, ids[1])->acknowledged_at);
  EXPECT_EQ(acknowledge(two_, ids[0]), AckStatus::already_acknowledged);
  EXPECT_EQ(acknowledge(two_, ids[1]), AckStatus::acknowledged);
  EXPECT_EQ(acknowledge(one_, ids[1]), AckStatus::already_acknowledged);
  EXPECT_EQ(get(two_, ids[1])->acknowledged_at, clock.now());
  EXPECT_EQ(get(two_, ids[1])->payload, numbered(1).payload);
  const Leased leased = lease(one_, 1);
  ASSERT_EQ(leased.events.size(), 1U);
  EXPECT_EQ(leased.events[0].event.id, ids[2]);
  EXPECT_EQ(leased.events[0].event.payload, numbered(2).payload);
  EXPECT_EQ(paged(two_).size(), 2U);
  EXPECT_EQ(acknowledge(two_, ids[2]), AckStatus::acknowledged);
  EXPECT_EQ(paged(two_), Ids{ids[3]});
}

TEST_F(ManagedTransitionTest, DuplicatesOfPlainEventsAreKnown) {
  const EventId there = append(one_, numbered(1)).id;
  const EventId gone = append(one_, numbered(2)).id;
  acknowledge(one_, gone);
  put(one_, crm);
  EXPECT_EQ(append(two_, numbered(1)).id, there);
  EXPECT_EQ(append(two_, numbered(2)).id, gone);
  acknowledge(two_, there);
  EXPECT_EQ(append(two_, numbered(1)).id, there);
  EXPECT_TRUE(entries(two_, crm).empty());
}

TEST_F(ManagedTransitionTest, FirstLeaseOfDefaultMakesTheTenantManaged) {
  const EventId id = append(one_, numbered(1)).id;
  std::chrono::milliseconds slept{0};
  two_.caller->on_sleep = [&](auto time) { clock.advance(slept = time); };
  EXPECT_EQ(lease(two_, 1).events.at(0).event.id, id);
  EXPECT_EQ(slept, 1'050ms);
  EXPECT_EQ(items("s#").size(), 1U);
  EXPECT_EQ(acknowledge(one_, id), AckStatus::acknowledged);
  EXPECT_TRUE(paged(two_).empty());
}

TEST_F(ManagedTransitionTest, EventThatAPlainNodeIsAcknowledgingIsNotLeased) {
  const EventId id = append(one_, numbered(1)).id;
  AckStatus status{};
  before_call(one_, removes_pending, [&] {
    put(two_, crm);
    EXPECT_EQ(lease(two_, 1).outcome, Leased::Outcome::nothing);
  });
  status = acknowledge(one_, id);
  EXPECT_EQ(status, AckStatus::acknowledged);
  EXPECT_TRUE(paged(two_).empty());
  EXPECT_EQ(lease(two_, 1).outcome, Leased::Outcome::nothing);
  EXPECT_TRUE(get(two_, id)->acknowledged_at);
  EXPECT_EQ(acknowledge(two_, id), AckStatus::already_acknowledged);
}

TEST_F(ManagedTransitionTest, EventWhoseAcknowledgingPlainNodeDiedIsLeasedAMinuteLater) {
  const EventId id = append(one_, numbered(1)).id;
  auto hurried = config;
  hurried.timing.request_for = 500ms;
  Node dying = node(hurried);
  dying.caller->lose_request = removes_pending;
  EXPECT_FALSE(sync_wait(dying.store->acknowledge(tenant, {id})));
  put(two_, crm);
  EXPECT_EQ(paged(two_), Ids{id});
  EXPECT_FALSE(get(two_, id)->acknowledged_at);
  EXPECT_EQ(lease(two_, 1).outcome, Leased::Outcome::nothing);
  clock.advance(1min);
  EXPECT_EQ(lease(two_, 1).events.at(0).event.payload, numbered(1).payload);
  EXPECT_EQ(acknowledge(two_, id), AckStatus::acknowledged);
  EXPECT_EQ(get(two_, id)->acknowledged_at, clock.now());
}

TEST_F(ManagedTransitionTest, PlainNodeThatIsTooLateToAcknowledgeDoesSoAsAnyOther) {
  const EventId id = append(one_, numbered(1)).id;
  before_call(one_, puts_acknowledged, [&] {
    put(two_, crm);
    EXPECT_EQ(lease(two_, 1).events.size(), 1U);
  });
  EXPECT_EQ(acknowledge(one_, id), AckStatus::acknowledged);
  EXPECT_EQ(acknowledge(two_, id), AckStatus::already_acknowledged);
  EXPECT_EQ(get(two_, id)->acknowledged_at, clock.now());
  clock.advance(1h);
  EXPECT_EQ(lease(two_, 1).outcome, Leased::Outcome::nothing);
}

TEST_F(ManagedTransitionTest, PlainWriterThatIsOvertakenByOneThatKnowsMoreStoresNothing) {
  // default takes nothing any more, so that a plain writer would find its place free.
  std::optional<Appended> other;
  before_call(
      one_, [](ApiCall api_call, const auto& body) { return puts_event(api_call, body); },
      [&] {
        put(two_, {}, {.collect = false});
        // Its claim is a second old by then. The next writer fences it off, and stores its own event.
        other = append(two_, numbered(1));
      });
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(other->outcome, Outcome::accepted);
  EXPECT_EQ(answer.outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_TRUE(paged(one_).empty());
  EXPECT_EQ(log(), (std::map<EventId, Numbers>{{answer.id, {}}}));
}

TEST_F(ManagedTransitionTest, PlainWriterWhoseEventWasFinishedByOneThatKnowsMoreStoresNothing) {
  put(two_, {}, {.collect = false});
  // This node does not know of it: its settings are a second old at most.
  one_.store.reset();
  auto blind = config;
  blind.inboxes = false;
  one_ = node(blind);
  std::optional<Appended> other;
  before_call(
      one_, [](ApiCall api_call, const auto& body) { return puts_event(api_call, body); },
      [&] { other = append(two_, numbered(1)); });
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(other->outcome, Outcome::accepted);
  EXPECT_EQ(answer.outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_TRUE(paged(two_).empty());
}

TEST_F(ManagedTransitionTest, WriterThatKnowsMoreStoresNothingUnderAnIdThatAPlainOneFencedOff) {
  put(two_, {}, {.collect = false});
  auto blind = config;
  blind.inboxes = false;
  Node plain = node(blind);
  std::optional<Appended> other;
  before_call(
      two_,
      [](ApiCall api_call, const auto& body) {
        return api_call == ApiCall::transact_write_items && writes(body, "d#");
      },
      [&] {
        clock.advance(1'500ms);
        other = append(plain, numbered(1));
      });
  const auto answer = append(two_, numbered(1));
  EXPECT_EQ(other->outcome, Outcome::accepted);
  EXPECT_EQ(answer.outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_TRUE(log().empty());
}

TEST_F(ManagedTransitionTest, EventsThatTwoNodesAcceptWhileTheTenantBecomesManagedAreAllThere) {
  std::atomic<bool> stop{false};
  std::vector<Ids> accepted(2);
  std::set<EventId> expected;
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < 2; ++thread) {
      threads.emplace_back([&, thread] {
        for (std::size_t i = 0; !stop; ++i) {
          accepted[thread].push_back(append(thread == 0 ? one_ : two_, numbered(thread * 100'000 + i)).id);
        }
      });
    }
    put(one_, crm);
    expected.insert(append(one_, numbered(900'000)).id);
    stop = true;
  }
  for (const Ids& ids : accepted) expected.insert(ids.begin(), ids.end());
  std::set<EventId> seen;
  PageQuery query{.limit = 200};
  for (;;) {
    const Page next = page(two_, query);
    for (const auto& event : next.events) seen.insert(event.id);
    if (!next.has_more) break;
    clock.advance(6s);
    query.after = next.next_after;
  }
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace triggers::store
