// The regular visits of a fleet: who visits whom, what a visit does for tenants that nobody asks for, and what is left
// of a removed inbox. What a visit does to entries is in tests/contract/inbox_retention_test.cc.

#include <algorithm>
#include <thread>

#include "dynamo/visit_fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;
using dynamo::CallError;
using dynamo::CallResult;
using dynamo::Roster;
using dynamo::VisitItem;

class VisitsTest : public VisitFleetTest {
 protected:
  /// What the list says of the tenant.
  VisitItem listed(VisitTestNode& at, const Tenant& of) {
    for (unsigned partition = 0; partition < dynamo::layout::visit_partitions; ++partition) {
      Roster roster(at.table);
      auto part = sync_wait(roster.read(partition, {}, 1'000)).value();
      for (VisitItem& item : part.tenants) {
        if (item.tenant == of) return std::move(item);
      }
    }
    ADD_FAILURE() << "no such tenant is listed";
    return {};
  }
  std::optional<VisitItem> claim(VisitTestNode& at, const VisitItem& seen) {
    Roster roster(at.table);
    return sync_wait(roster.claim(seen, clock.now() + visit_config.claimed_for)).value();
  }
  void release(VisitTestNode& at, const VisitItem& claimed) {
    Roster roster(at.table);
    EXPECT_TRUE(sync_wait(roster.release(claimed, clock.now() + visit_config.every, claimed.log)).ok());
  }
  /// As often as there are parts of the list.
  void visit_all(VisitTestNode& at) {
    for (unsigned i = 0; i < dynamo::layout::visit_partitions; ++i) {
      EXPECT_TRUE(sync_wait(at.visits.visit_some()).ok());
    }
  }

  InboxRecord make_crm(VisitTestNode& at) {
    const auto crm = InboxName::parse("crm").value();
    return sync_wait(at.settings.put(at.table, tenant, crm, inbox::Settings{}, std::nullopt)).value().inbox;
  }
  void remove_crm(VisitTestNode& at) {
    const auto crm = InboxName::parse("crm").value();
    EXPECT_TRUE(sync_wait(at.settings.remove(at.table, tenant, crm, std::nullopt)).value());
  }
  /// Items of an inbox other than `default`, or of the list of removed ones.
  std::size_t items_of(std::uint64_t number) {
    const std::string entries = "#!" + std::to_string(number), others = "#" + std::to_string(number);
    std::size_t count = 0;
    for (const std::string& partition : partitions(tenant)) {
      const bool remembered = partition.starts_with("z#");
      const bool its = partition.find(entries) != std::string::npos || partition.ends_with(others) ||
                       partition.find(others + "#") != std::string::npos;
      count +=
          its && !remembered && !partition.starts_with("d#") && partition.find("#default") == std::string::npos ? 1 : 0;
    }
    return count;
  }
  Result<dynamo::RemovedInboxes::Left> empty_removed(VisitTestNode& at) {
    dynamo::RemovedInboxes removed(at.table, at.shards, clock, config.event_ttl);
    return sync_wait(removed.empty_some(tenant, std::chrono::steady_clock::now() + 10s));
  }
};

TEST_F(VisitsTest, MetricsShowATenantOnTheNodeThatHasVisitedItLast) {
  const auto one = visit_node(), two = visit_node();
  manage(*one);
  const Ids ids = accept(3);
  write_counts();
  lease(*one, 1);
  EXPECT_TRUE(sync_wait(one->visits.settle()).ok());
  const InboxTotals shown = one->visits.visited().totals();
  ASSERT_EQ(shown.shown.size(), 1U);
  EXPECT_EQ(shown.shown.front().inbox, "default");
  EXPECT_EQ(shown.counts, (inbox::Counts{.available = 2, .leased = 1}));
  EXPECT_EQ(shown.oldest_available, ids[1].time());
  clock.advance(visit_config.every);
  EXPECT_TRUE(sync_wait(two->visits.settle()).ok());
  visit_all(*one);
  EXPECT_EQ(one->visits.visited().totals().inboxes, 0U);
  EXPECT_EQ(two->visits.visited().totals().inboxes, 1U);
}

TEST_F(VisitsTest, OneNodeVisitsATenantAtATimeAndAnotherOnceItsClaimIsOver) {
  const auto one = visit_node(), two = visit_node();
  manage(*one);
  const VisitItem seen = listed(*one, tenant);
  const auto claimed = claim(*one, seen);
  ASSERT_TRUE(claimed);
  EXPECT_FALSE(claim(*two, seen));
  const VisitItem during = listed(*two, tenant);
  EXPECT_GT(during.next, clock.now());
  clock.advance(visit_config.claimed_for);
  EXPECT_LE(during.next, clock.now());
  const auto taken_over = claim(*two, during);
  ASSERT_TRUE(taken_over);
  release(*one, *claimed);
  EXPECT_EQ(listed(*two, tenant).next, taken_over->next) << "its claim was over";
  release(*two, *taken_over);
  EXPECT_EQ(listed(*two, tenant).next, clock.now() + visit_config.every);
}

TEST_F(VisitsTest, VisitThatIsPutForwardMeanwhileIsNotForgotten) {
  const auto node = visit_node();
  manage(*node);
  const auto claimed = claim(*node, listed(*node, tenant));
  EXPECT_TRUE(sync_wait(node->visits.soon(tenant)).ok());
  release(*node, *claimed);
  EXPECT_LE(listed(*node, tenant).next, clock.now());
  const Tenant plain{"plain"};
  EXPECT_TRUE(sync_wait(node->visits.soon(plain)).ok());
  EXPECT_TRUE(partitions(plain).empty());
}

TEST_F(VisitsTest, EveryManagedTenantHasItsTurnAlsoIfNobodyServesIt) {
  constexpr int tenants = 12;
  const auto serving = visit_node();
  for (int i = 0; i < tenants; ++i) {
    tenant = Tenant{"tenant" + std::to_string(i)};
    manage(*serving);
    accept(1);
    lease(*serving, 1, 1s);
  }
  clock.advance(20s);
  const auto one = visit_node(), two = visit_node();
  {
    std::jthread thread([&] { visit_all(*one); });
    visit_all(*two);
  }
  for (int i = 0; i < tenants; ++i) {
    tenant = Tenant{"tenant" + std::to_string(i)};
    EXPECT_GT(listed(*one, tenant).next, clock.now());
    const std::vector<std::string> all = partitions(tenant);
    const auto reminders = std::ranges::count_if(all, [](const auto& name) { return name.starts_with("u#"); });
    EXPECT_EQ(reminders, 0) << "its lease has ended";
  }
}

TEST_F(VisitsTest, NodeThatFailsInAVisitLeavesTheTenantToAnother) {
  const auto good = visit_node();
  manage(*good);
  accept(1);
  lease(*good, 1, 1s);
  clock.advance(20s);
  const auto failing = visit_node();
  failing->caller.answer_instead = [&](ApiCall, const boost::json::object& body) -> std::optional<CallResult> {
    if (!writes(body, "u#")) return std::nullopt;
    return CallError{CallError::Kind::unavailable, "the node is dead", {}};
  };
  bool failed = false;
  for (unsigned i = 0; i < dynamo::layout::visit_partitions; ++i) {
    failed = failed || !sync_wait(failing->visits.visit_some()).ok();
  }
  EXPECT_TRUE(failed);
  clock.advance(visit_config.every);
  visit_all(*good);
  const std::vector<std::string> all = partitions(tenant);
  EXPECT_FALSE(std::ranges::any_of(all, [](const auto& name) { return name.starts_with("u#"); }));
}

TEST_F(VisitsTest, VisitThatFailsAtAnyWriteIsFinishedByAnotherNode) {
  visit_config.every = 365 * 24h;  // The tenants of earlier rounds are not visited again.
  for (std::size_t at = 0;; ++at) {
    SCOPED_TRACE("write " + std::to_string(at));
    tenant = Tenant{"acme" + std::to_string(at)};
    const auto good = visit_node(), failing = visit_node(), other = visit_node();
    manage(*good);
    const Ids ids = accept(2, at * 2);
    lease(*good, 2, 1s);
    clock.advance(20s);
    std::size_t writes_done = 0;
    bool dead = false;
    failing->caller.answer_instead = [&](ApiCall api_call, const boost::json::object&) -> std::optional<CallResult> {
      dead = dead || (is_write(api_call) && writes_done++ == at);
      if (!dead) return std::nullopt;
      return CallError{CallError::Kind::unavailable, "the node is dead", {}};
    };
    for (unsigned i = 0; i < dynamo::layout::visit_partitions; ++i) {
      const auto visited = sync_wait(failing->visits.visit_some());
      EXPECT_TRUE(visited.ok() || dead);
    }
    clock.advance(visit_config.claimed_for);
    visit_all(*other);
    EXPECT_GT(listed(*other, tenant).next, clock.now());
    const std::vector<std::string> all = partitions(tenant);
    EXPECT_FALSE(std::ranges::any_of(all, [](const auto& name) { return name.starts_with("u#"); }));
    EXPECT_EQ(ids_of(lease(*other, 10)), ids);
    if (!dead || HasFailure()) {
      EXPECT_GT(at, 5U) << "a visit writes";
      break;
    }
  }
}

TEST_F(VisitsTest, NothingIsLeftOfARemovedInboxNotEvenWhatALateWriterPuts) {
  const auto node = visit_node();
  const std::uint64_t number = make_crm(*node).number;
  inbox = sync_wait(node->settings.of(tenant)).value()->records.at(InboxName::parse("crm").value());
  accept(5);
  const Leased leased = lease(*node, 3);
  acknowledge_by(*node, leased, Ids{ids_of(leased)[0]});
  EXPECT_TRUE(try_purge(*node).ok());
  sync_wait(node->undelivered.flush(0ms));
  sync_wait(node->inboxes.flush(true));
  EXPECT_GT(items_of(number), 10U);
  remove_crm(*node);
  auto left = empty_removed(*node);
  EXPECT_TRUE(left->more);
  left = empty_removed(*node);
  EXPECT_FALSE(left->more);
  EXPECT_TRUE(left->waits);
  EXPECT_EQ(items_of(number), 0U);
  // A node whose accept has begun with the settings from before.
  dynamo::Item late =
      dynamo::layout::pending_key(tenant, dynamo::layout::inbox_text(number), leased.events[0].event.id);
  late["t"] = dynamo::text_value("late");
  late["g"] = dynamo::number_value(1);
  EXPECT_TRUE(sync_wait(node->table.put(late, dynamo::Condition{}, dynamo::Repeat::safe)).ok());
  EXPECT_EQ(items_of(number), 1U);
  clock.advance(dynamo::RemovedInboxes::late_for);
  EXPECT_TRUE(empty_removed(*node)->more);
  left = empty_removed(*node);
  EXPECT_FALSE(left->more || left->waits);
  EXPECT_EQ(items_of(number), 0U);
  const auto removed = dynamo::layout::removed_inbox_key(tenant, number);
  EXPECT_TRUE(sync_wait(node->table.get(removed)).value().empty());
}

TEST_F(VisitsTest, RemovalThatFailsBetweenAnyTwoCallsIsFinishedByAnotherNode) {
  for (std::size_t at = 0;; ++at) {
    SCOPED_TRACE("call " + std::to_string(at));
    tenant = Tenant{"acme" + std::to_string(at)};
    const auto node = visit_node();
    const std::uint64_t number = make_crm(*node).number;
    accept(2);
    remove_crm(*node);
    clock.advance(dynamo::RemovedInboxes::late_for);
    const auto failing = visit_node();
    std::size_t calls = 0;
    failing->caller.answer_instead = [&](ApiCall, const boost::json::object&) -> std::optional<CallResult> {
      if (calls++ < at) return std::nullopt;
      return CallError{CallError::Kind::unavailable, "the node is dead", {}};
    };
    bool done = true;
    for (bool more = true; more && done;) {
      const auto left = empty_removed(*failing);
      done = left.ok();
      more = done && left->more;
    }
    while (empty_removed(*node)->more) {
    }
    EXPECT_EQ(items_of(number), 0U);
    EXPECT_TRUE(sync_wait(node->table.get(dynamo::layout::removed_inbox_key(tenant, number))).value().empty());
    const auto remembered = sync_wait(node->table.get(dynamo::EventHolders::gone_inbox_key(tenant, number)));
    EXPECT_FALSE(remembered->empty());
    if (done || HasFailure()) {
      EXPECT_GT(at, 10U);
      break;
    }
  }
}

}  // namespace
}  // namespace triggers::store
