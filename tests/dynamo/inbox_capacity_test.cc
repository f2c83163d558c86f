// How many capacity units the operations of consumers take. Those of producers and of plain tenants are in
// capacity_test.cc.

#include <thread>

#include "dynamo/inbox_fleet.h"
#include "store/dynamo/events/entry_items.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using enum EntryStatus;

/// What docs/storage-format.md says that each operation costs.
class InboxCapacityTest : public InboxFleetTest {
 protected:
  static Draft event_of(std::size_t number) {
    Draft draft;
    draft.payload = R"({"n":)" + std::to_string(100'000 + number) + R"(,"text":")" + std::string(800, 'x') + R"("})";
    return draft;
  }
  /// Events of a tenant whose inboxes are managed: each is in the log, and a copy of it among the entries.
  Ids accept_managed(std::size_t count) {
    dynamo::FleetIds ids;
    Ids accepted;
    for (std::size_t i = 0; i < count; ++i) {
      const Draft draft = event_of(next_++);
      const EventId id = ids.next(clock.now(), static_cast<unsigned>(i % config.shards));
      dynamo::Item entry = dynamo::entry_item(tenant, 0, id, draft.append(), true);
      dynamo::Item log = dynamo::event_attributes(draft.append());
      for (auto& part : dynamo::layout::log_key(tenant, id)) log[part.key()] = part.value();
      dynamo::Table table(*real, config.events_table);
      dynamo::Condition none;
      EXPECT_TRUE(sync_wait(table.put(std::move(log), none, dynamo::Repeat::safe)).ok());
      EXPECT_TRUE(sync_wait(table.put(std::move(entry), none, dynamo::Repeat::safe)).ok());
      accepted.push_back(id);
    }
    clock.advance(10s);
    return accepted;
  }
  struct Units {
    double read = 0, write = 0;
  };
  template <class Work>
  Units units(Work work) {
    node_->caller.forget_units();
    work();
    return {node_->caller.read_units, node_->caller.write_units};
  }
  /// So that the front is known, as on a node that serves the inbox all the time.
  void warm_up() {
    accept_managed(1);
    acknowledge_by(*node_, lease(*node_, 1));
    std::this_thread::sleep_for(2s);  // A node that has just begun looks at records first.
    lease(*node_, 1);
  }

  std::unique_ptr<InboxTestNode> node_ = inbox_node();
  std::size_t next_ = 0;
};

TEST_F(InboxCapacityTest, LeaseOfTenIsElevenWritesAndAcknowledgingThemTwentyOne) {
  warm_up();
  accept_managed(30);
  Leased leased;
  unsigned under_way = 0, one_after_another = 0;
  node_->caller.before = [&](dynamo::ApiCall, const auto&) { one_after_another += under_way++ == 0 ? 1 : 0; };
  node_->caller.after = [&] { --under_way; };
  const Units of_lease = units([&] { leased = lease(*node_, 10); });
  node_->caller.before = {};
  node_->caller.after = {};
  EXPECT_LE(one_after_another, 4U + 1U) << "one more if a shard has as many entries as were asked for";
  ASSERT_EQ(leased.events.size(), 10U);
  EXPECT_EQ(of_lease.write, 11);
  EXPECT_LE(of_lease.read, 12);
  const Units of_ack = units([&] { acknowledge_by(*node_, leased, ids_of(leased)); });
  EXPECT_EQ(of_ack.write, 21);
  EXPECT_EQ(of_ack.read, 10);
}

TEST_F(InboxCapacityTest, AcknowledgingByTheLeaseAloneReadsOneMore) {
  accept_managed(10);
  const Leased leased = lease(*node_, 10);
  ASSERT_EQ(leased.events.size(), 10U);
  const Units of_ack = units([&] { acknowledge_by(*node_, leased); });
  EXPECT_EQ(of_ack.write, 21);
  EXPECT_EQ(of_ack.read, 11) << "the reminder says which entries; their records are read once";
}

TEST_F(InboxCapacityTest, LeaseReadsNothingOfWhatIsLeasedDeadOrAcknowledgedInFront) {
  warm_up();
  accept_managed(40);
  const Units empty_front = units([&] { EXPECT_EQ(lease(*node_, 10).events.size(), 10U); });
  lease(*node_, 30);
  inbox.settings.max_attempts = 1;
  accept_managed(300);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(lease(*node_, 10, 12h).events.size(), 10U);
  for (int i = 0; i < 10; ++i) release(*node_, lease(*node_, 10));
  for (int i = 0; i < 10; ++i) acknowledge_by(*node_, lease(*node_, 10));
  accept_managed(20);
  std::this_thread::sleep_for(inbox_config.look_every);
  lease(*node_, 1);  // Looks back, and moves the settled front.
  const Units full_front = units([&] { EXPECT_EQ(lease(*node_, 10).events.size(), 10U); });
  EXPECT_EQ(full_front.write, empty_front.write);
  EXPECT_LE(full_front.read, empty_front.read + 2);
  std::this_thread::sleep_for(inbox_config.look_every);
  const Units looking_back = units([&] { EXPECT_EQ(lease(*node_, 5).events.size(), 5U); });
  EXPECT_LE(looking_back.read, empty_front.read + 14) << "what was leased in the last five seconds is looked at again";
}

TEST_F(InboxCapacityTest, EndOfALeaseIsTwoWritesForEachEntryAndTheNextLeaseAlso) {
  // Of an inbox that has nothing else, so that no other lease ends.
  accept_managed(10);
  EXPECT_EQ(lease(*node_, 10).events.size(), 10U);
  clock.advance(30s);
  const Units of_end = units([&] { EXPECT_TRUE(call(*node_, [](Entries& entries) { return entries.poll(); }).ok()); });
  EXPECT_EQ(of_end.write, 21) << "each entry's record and its place among those that came back, and the reminder";
  EXPECT_LE(of_end.read, 11 + 5) << "and the look for what other nodes did";
  const Units of_lease = units([&] { EXPECT_EQ(lease(*node_, 10).events.size(), 10U); });
  EXPECT_EQ(of_lease.write, 21);
  EXPECT_LE(of_lease.read, 25);
}

TEST_F(InboxCapacityTest, AcknowledgingWhatNoLeaseHoldsTakesAReminder) {
  warm_up();
  const Ids ids = accept_managed(10);
  const Units of_ack = units([&] { EXPECT_EQ(try_acknowledge(*node_, {}, ids).value(), all(ids, acknowledged)); });
  EXPECT_EQ(of_ack.write, 22);
  // The records that are not there cost a unit each too, but DynamoDB Local does not report it.
  EXPECT_EQ(of_ack.read, 10);
}

TEST_F(InboxCapacityTest, ReminderOfWhatIsAcknowledgedCostsTwoReadsForEachEntry) {
  accept_managed(10);
  const Leased leased = lease(*node_, 10);
  for (const EventId& id : ids_of(leased)) acknowledge_by(*node_, leased, Ids{id});
  clock.advance(30s);
  const Units of_end = units([&] { EXPECT_TRUE(call(*node_, [](Entries& entries) { return entries.poll(); }).ok()); });
  EXPECT_EQ(of_end.write, 1);
  EXPECT_LE(of_end.read, 22);
}

TEST_F(InboxCapacityTest, ReleaseIsTwoWritesForEachEntry) {
  warm_up();
  accept_managed(10);
  const Leased leased = lease(*node_, 10);
  EXPECT_EQ(units([&] { release(*node_, leased); }).write, 20);
  const Leased again = lease(*node_, 10);
  const Units with_delay = units([&] { release(*node_, again, 60s); });
  EXPECT_EQ(with_delay.write, 11) << "and one reminder, but no place among those that came back";
}

TEST_F(InboxCapacityTest, PollOfAnEmptyInboxIsAQueryOfEachShardAndTwoMore) {
  warm_up();
  unsigned queries = 0, others = 0;
  node_->caller.before = [&](dynamo::ApiCall api_call, const auto&) {
    ++(api_call == dynamo::ApiCall::query ? queries : others);
  };
  EXPECT_TRUE(call(*node_, [](Entries& entries) { return entries.poll(); }).ok());
  EXPECT_EQ(queries, config.shards + 2);
  EXPECT_EQ(others, 0U);
}

}  // namespace
}  // namespace triggers::store
