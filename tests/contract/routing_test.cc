// Which inboxes an event comes into, on every engine that keeps inboxes. The language of filters is tested in
// src/filter.

#include <atomic>

#include "contract/inbox_verbs.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<EventId>;
TRIGGERS_INBOX_CONTRACT(RoutingContract);

const InboxName crm = named("crm");
const InboxName billing = named("billing");

inbox::Settings filtering(const std::string& filter) { return {.filter = filter}; }

TEST_P(RoutingContract, EventComesIntoEveryInboxWhoseFilterTakesIt) {
  put(crm, filtering(R"({"payload":{"total":[{"numeric":[">",100]}]}})"));
  put(billing, filtering(R"({"event_type":["order.paid"],"source":["shop"],"metadata":{"region":["eu"]}})"));
  const EventId both = append({.event_type = "order.paid",
                               .payload = R"({"total":100.5})",
                               .source = "shop",
                               .metadata = R"({"region":"eu"})"})
                           .id;
  const EventId one = append({.event_type = "order.paid", .payload = R"({"total":200})"}).id;
  const EventId none = append({.event_type = "order.made", .payload = R"({"total":1})", .source = "shop"}).id;
  for (int round = 0; round != 2; ++round) {
    EXPECT_EQ(ids_of(entries(crm)), (Ids{both, one}));
    EXPECT_EQ(ids_of(entries(billing)), Ids{both});
    EXPECT_EQ(ids_of(entries()), (Ids{both, one, none}));
    restart();
  }
}

TEST_P(RoutingContract, RoutesOutliveARestart) {
  put(crm, filtering(R"({"event_type":["a"]})"));
  restart();
  const EventId a = append({.event_type = "a"}).id;
  append({.event_type = "b"});
  EXPECT_EQ(ids_of(entries(crm)), Ids{a});
}

TEST_P(RoutingContract, NewInboxTakesWhatIsAcceptedFromThenOn) {
  fill(2);
  put(crm);
  const auto later = fill(2, 100);
  EXPECT_EQ(ids_of(entries(crm)), later);
}

TEST_P(RoutingContract, ChangedFilterLeavesTheEntriesThatAreThere) {
  put(crm, filtering(R"({"event_type":["a"]})"));
  const EventId a = append({.event_type = "a"}).id;
  put(crm, filtering(R"({"event_type":["b"]})"));
  append({.event_type = "a", .payload = R"({"x":1})"});
  const EventId b = append({.event_type = "b"}).id;
  EXPECT_EQ(ids_of(entries(crm)), (Ids{a, b}));
}

TEST_P(RoutingContract, RemovedInboxLeavesTheRoutesOfTheOthers) {
  put(billing, filtering(R"({"event_type":["a"]})"));
  put(crm, filtering(R"({"event_type":["b"]})"));
  remove(billing);
  for (int round = 0; round != 2; ++round) {
    const EventId a = append({.event_type = "a", .payload = numbered(static_cast<std::size_t>(round)).payload}).id;
    const EventId b = append({.event_type = "b", .payload = numbered(static_cast<std::size_t>(round)).payload}).id;
    EXPECT_EQ(ids_of(entries(crm)).back(), b);
    EXPECT_EQ(ids_of(drain()).back(), b);
    EXPECT_EQ(acknowledge_in(crm, {a, b}), (Results{{a, EntryStatus::not_found}, {b, EntryStatus::acknowledged}}));
    EXPECT_EQ(acknowledge(a), AckStatus::acknowledged);
    restart();
    clock.advance(1ms);  // For the order of ids, which not every engine keeps across restarts in one millisecond.
  }
}

TEST_P(RoutingContract, InboxThatDoesNotCollectTakesNothingNew) {
  const auto before = fill(2);
  put({}, {.collect = false});
  put(crm);
  const auto later = fill(2, 100);
  EXPECT_EQ(ids_of(drain()), before);
  EXPECT_EQ(ids_of(lease(10)), before);
  EXPECT_EQ(ids_of(entries(crm)), later);
  put({}, {.collect = true});
  const auto last = fill(1, 200);
  EXPECT_EQ(ids_of(drain()), (Ids{before[0], before[1], last[0]}));
}

TEST_P(RoutingContract, DefaultMayHaveAFilter) {
  put({}, filtering(R"({"event_type":["a"]})"));
  const EventId a = append({.event_type = "a"}).id;
  const EventId b = append({.event_type = "b"}).id;
  EXPECT_EQ(ids_of(drain()), Ids{a});
  EXPECT_TRUE(get(b));
  EXPECT_EQ(acknowledge({a, b}), (std::vector{AckStatus::acknowledged, AckStatus::not_found}));
}

TEST_P(RoutingContract, EachEventOfABatchIsRoutedByItself) {
  put(crm, filtering(R"({"payload":{"number":[{"numeric":[">=",3]}]}})"));
  const auto ids = fill(5);
  EXPECT_EQ(ids_of(entries(crm)), (Ids{ids[3], ids[4]}));
}

TEST_P(RoutingContract, DuplicateComesIntoNoInbox) {
  const EventId first = append(numbered(1)).id;
  put(crm);
  EXPECT_EQ(append(numbered(1)).id, first);
  EXPECT_TRUE(entries(crm).empty());
}

TEST_P(RoutingContract, InboxesAreConsumedApart) {
  put(crm);
  const auto ids = fill(2);
  const Leased in_default = lease(2);
  const Leased in_crm = lease(2, crm);
  EXPECT_EQ(ids_of(in_crm), ids);
  EXPECT_EQ(acknowledge_by(in_crm, {}, crm), all(ids, EntryStatus::acknowledged));
  EXPECT_EQ(unacknowledged(), 2U);
  EXPECT_FALSE(get(ids[0])->acknowledged_at);
  EXPECT_EQ(acknowledge_by(in_default), all(ids, EntryStatus::acknowledged));
  EXPECT_EQ(get(ids[0])->acknowledged_at, clock.now());
}

TEST_P(RoutingContract, AnswerToAChangeSaysFromWhenOnItApplies) {
  put(crm);
  std::atomic<bool> stop{false};
  std::vector<Ids> accepted(4);
  race(accepted.size() + 1, [&](std::size_t thread) {
    if (thread == accepted.size()) {
      for (std::size_t i = 0; i != 20; ++i) {
        put(crm, {.collect = false});
        const EventId out = append(numbered(900'000 + i)).id;
        put(crm);
        const EventId in = append(numbered(800'000 + i)).id;
        EXPECT_EQ(acknowledge_in(crm, {out, in}),
                  (Results{{out, EntryStatus::not_found}, {in, EntryStatus::acknowledged}}));
      }
      stop = true;
      return;
    }
    for (std::size_t i = 0; i != 5'000 && !stop; ++i) {
      accepted[thread].push_back(append(numbered(thread * 10'000 + i)).id);
    }
  });
  // No event that was accepted is lost by the changes: default has them all.
  std::size_t count = 40;
  for (const Ids& ids : accepted) count += ids.size();
  EXPECT_EQ(unacknowledged(), count);
}

}  // namespace
}  // namespace triggers::store::contract
