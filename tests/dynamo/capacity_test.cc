// How many capacity units each operation consumes. Time and throughput are in bench/dynamo.py.

#include <cmath>

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

/// What docs/storage-format.md says that each operation costs.
class CapacityTest : public FleetTest {
 protected:
  /// An event that makes, with `POST /events`, a body of `bytes`.
  static Draft event_of(std::size_t bytes, std::size_t number = 0) {
    constexpr std::size_t around = std::string_view{R"({"event_type":"order.created","payload":})"}.size();
    Draft draft;
    draft.payload = R"({"n":)" + std::to_string(100'000 + number) + R"(,"text":")";
    draft.payload += std::string(bytes - around - draft.payload.size() - 2, 'x') + R"("})";
    return draft;
  }
  double write_units(const std::function<void()>& work) {
    node_.caller->forget_units();
    work();
    return node_.caller->write_units;
  }
  double read_units(const std::function<void()>& work) {
    node_.caller->forget_units();
    work();
    return node_.caller->read_units;
  }
  static auth::KeyRecord a_key() {
    auth::KeyRecord record;
    record.key_id = "key_1";
    record.user_id = "acme";
    record.secrets.resize(1);
    record.secrets[0].hash.bytes.fill(7);
    return record;
  }
  /// The number of shards is read every five seconds, whatever is done.
  void warm_up() { page(node_); }

  Node node_ = node();
};

TEST_F(CapacityTest, PostOfAKilobyteCostsTwoWriteUnits) {
  warm_up();
  EXPECT_EQ(write_units([&] { append(node_, event_of(1'000)); }), 2);
  EXPECT_EQ(read_units([&] { append(node_, event_of(1'000, 1)); }), 0);
}

TEST_F(CapacityTest, PostOfAKilobyteWithoutComparisonCostsOneWriteUnit) {
  config.windows.dedup = std::chrono::seconds{0};
  node_ = node();
  warm_up();
  EXPECT_EQ(write_units([&] { append(node_, event_of(1'000)); }), 1);
}

TEST_F(CapacityTest, PostWithAnIdempotencyKeyCostsThreeWriteUnits) {
  warm_up();
  Draft draft = event_of(1'000);
  draft.idempotency_key = "an-idempotency-key";
  EXPECT_EQ(write_units([&] { append(node_, draft); }), 3);
}

TEST_F(CapacityTest, GetOfAPendingEventIsOneReadAndOfAnAcknowledgedOneTwo) {
  const auto id = append(node_, event_of(1'000)).id;
  EXPECT_EQ(read_units([&] { get(node_, id); }), 1);
  acknowledge(node_, id);
  EXPECT_EQ(read_units([&] { get(node_, id); }), 2);
}

TEST_F(CapacityTest, AcknowledgementIsOneReadAndTwoWrites) {
  const auto id = append(node_, event_of(900)).id;
  node_.caller->forget_units();
  EXPECT_EQ(acknowledge(node_, id), AckStatus::acknowledged);
  EXPECT_EQ(node_.caller->read_units, 1);
  EXPECT_EQ(node_.caller->write_units, 2);
}

TEST_F(CapacityTest, DuplicateIsOneReadAndOneOfAnAcknowledgedEventTwo) {
  warm_up();
  int puts = 0;
  node_.caller->before = [&](dynamo::ApiCall api_call, const auto&) {
    puts += api_call == dynamo::ApiCall::put_item ? 1 : 0;
  };
  const auto id = append(node_, event_of(1'000)).id;
  puts = 0;
  EXPECT_EQ(read_units([&] { EXPECT_EQ(append(node_, event_of(1'000)).id, id); }), 1);
  // The refused put costs a unit too, but DynamoDB does not report it.
  EXPECT_EQ(puts, 1);
  acknowledge(node_, id);
  EXPECT_EQ(read_units([&] { EXPECT_EQ(append(node_, event_of(1'000)).id, id); }), 2);
}

TEST_F(CapacityTest, EqualEventWithAKeyOfItsOwnCostsOneReadAndOneWriteMore) {
  warm_up();
  for (int i = 0; i < 5; ++i) {
    Draft draft = event_of(1'000);
    draft.idempotency_key = "key " + std::to_string(i);
    node_.caller->forget_units();
    append(node_, draft);
    // From the second event on, the refused claim of the content costs a unit too, but DynamoDB does not report it.
    EXPECT_EQ(node_.caller->write_units, 3) << i;
    EXPECT_EQ(node_.caller->read_units, i == 0 ? 0 : 1) << i;
  }
}

TEST_F(CapacityTest, CollidingEventCostsTheSameHoweverManyCollide) {
  warm_up();
  for (std::size_t i = 0; i < 12; ++i) {
    Draft draft = event_of(1'000, i);
    draft.fingerprint = event::Fingerprint{7, 7};
    node_.caller->forget_units();
    append(node_, draft);
    EXPECT_LE(node_.caller->write_units, 3) << i;
    EXPECT_LE(node_.caller->read_units, 1) << i;
    node_.caller->forget_units();
    EXPECT_EQ(append(node_, draft).outcome, Appended::Outcome::duplicate) << i;
    EXPECT_LE(node_.caller->write_units, 1) << i;
    EXPECT_LE(node_.caller->read_units, 2) << i;
  }
}

TEST_F(CapacityTest, KeyIsFoundByTwoReads) {
  const auth::KeyRecord record = a_key();
  ASSERT_TRUE(sync_wait(node_.store->create_key(record)).ok());
  const auto hash = record.secrets[0].hash;
  EXPECT_EQ(read_units([&] { EXPECT_TRUE(sync_wait(node_.store->key_by_hash(hash)).value()); }), 2);
}

TEST_F(CapacityTest, ChangesOfAKeyAreTransactions) {
  const auth::KeyRecord record = a_key();
  const auto created = write_units([&] { ASSERT_TRUE(sync_wait(node_.store->create_key(record)).ok()); });
  const auto update = [](auth::KeyRecord& key) -> Status {
    key.description = "changed";
    return Done{};
  };
  const auto changed = write_units([&] { ASSERT_TRUE(sync_wait(node_.store->update_key("key_1", update)).ok()); });
  const auto rotate = [](auth::KeyRecord& key) -> Status {
    key.secrets.emplace_back().hash.bytes.fill(8);
    return Done{};
  };
  const auto rotated = write_units([&] { ASSERT_TRUE(sync_wait(node_.store->update_key("key_1", rotate)).ok()); });
  const auto listed = read_units([&] { ASSERT_TRUE(sync_wait(node_.store->list_keys("acme", "", 100)).ok()); });
  EXPECT_EQ(created, 4);
  EXPECT_EQ(changed, 4);
  EXPECT_EQ(rotated, 4);
  EXPECT_EQ(listed, 2);
}

TEST_F(CapacityTest, EmptyInboxIsAQueryOfEachShardAndTheCount) {
  warm_up();
  // DynamoDB charges an empty query too; DynamoDB Local tells nothing of it.
  unsigned queries = 0, gets = 0;
  node_.caller->before = [&](dynamo::ApiCall api_call, const auto&) {
    queries += api_call == dynamo::ApiCall::query ? 1 : 0;
    gets += api_call == dynamo::ApiCall::get_item ? 1 : 0;
  };
  EXPECT_TRUE(page(node_).events.empty());
  EXPECT_EQ(queries, config.shards);
  EXPECT_EQ(gets, 1U);
}

TEST_F(CapacityTest, CountIsOneWriteHoweverMuchItCounts) {
  warm_up();
  for (std::size_t i = 0; i < 5; ++i) append(node_, event_of(100, i));
  EXPECT_EQ(write_units([&] { sync_wait(node_.store->flush_counts(true)); }), 1);
}

TEST_F(CapacityTest, SliceOfALimitIsOneReadAndOneWrite) {
  node_.caller->forget_units();
  ASSERT_TRUE(sync_wait(node_.store->take_slice("key_1", 600, [] { return 30U; })).ok());
  EXPECT_EQ(node_.caller->read_units, 1);
  EXPECT_EQ(node_.caller->write_units, 1);
}

TEST_F(CapacityTest, PageOfFiftyReadsLittleMoreThanTheFifty) {
  std::vector<EventId> ids;
  for (std::size_t i = 0; i < 120; ++i) ids.push_back(append(node_, event_of(1'000, i)).id);
  clock.advance(std::chrono::seconds{10});
  constexpr double fifty = 50 * 1.0 / 4;  // A unit reads 4 KB.
  const auto first = read_units([&] { EXPECT_EQ(page(node_, {.limit = 50}).events.size(), 50U); });
  EXPECT_LE(first, fifty * 1.5);
  // Whatever was acknowledged in front has left nothing that a page would read.
  const std::vector<EventId> front(ids.begin(), ids.begin() + 60);
  ASSERT_TRUE(sync_wait(node_.store->acknowledge(tenant, front)).ok());
  const auto later = read_units([&] { EXPECT_EQ(page(node_, {.limit = 50}).events.size(), 50U); });
  EXPECT_LE(later, fifty * 1.5);
}

/// What DynamoDB counts of an item: names and values; of a number, a byte for two digits and one more.
std::size_t bytes_of_item(const boost::json::object& item) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : item) {
    const auto& typed = *value.as_object().begin();
    const std::string_view text = typed.value().as_string();
    bytes += name.size();
    if (typed.key() == "S") bytes += text.size();
    if (typed.key() == "B") bytes += text.size() / 4 * 3 - static_cast<std::size_t>(std::ranges::count(text, '='));
    if (typed.key() == "N") bytes += (text.size() + 1) / 2 + 1;
  }
  return bytes;
}

/// What DynamoDB takes for a transaction of puts: two units for each kilobyte of each item. DynamoDB Local answers four
/// units for every transaction.
double units_of_transaction(const boost::json::object& body) {
  double units = 0;
  for (const auto& part : body.at("TransactItems").as_array()) {
    const auto bytes = bytes_of_item(part.at("Put").at("Item").as_object());
    units += 2 * std::ceil(static_cast<double>(bytes) / 1'024);
  }
  return units;
}

/// A node that keeps inboxes. Once a second, it reads the version of the tenant's settings; these tests have done so.
class InboxCapacityTest : public CapacityTest {
 protected:
  InboxCapacityTest() {
    config.inboxes = true;
    node_ = node();
    warm_up();
  }
  /// Of a post, which is a claim and a transaction.
  double post_units(const Draft& draft) {
    double transaction = 0;
    int calls = 0;
    node_.caller->before = [&](dynamo::ApiCall api_call, const boost::json::object& body) {
      ++calls;
      if (api_call == dynamo::ApiCall::transact_write_items) transaction += units_of_transaction(body);
    };
    append(node_, draft);
    node_.caller->before = {};
    EXPECT_EQ(calls, 2);
    return 1 + transaction;
  }
  /// The tenant has, besides `default`, so many inboxes that take everything.
  void make_inboxes(int count) {
    for (int i = 0; i < count; ++i) {
      const auto name = InboxName::parse("inbox-" + std::to_string(i)).value();
      ASSERT_TRUE(sync_wait(node_.store->put_inbox(tenant, name, {}, std::nullopt)).ok());
    }
    warm_up();
  }
};

TEST_F(InboxCapacityTest, PlainTenantCostsWhatItCostsWithoutInboxesAndOneReadASecond) {
  EXPECT_EQ(write_units([&] { append(node_, event_of(1'000)); }), 2);
  EXPECT_EQ(read_units([&] { append(node_, event_of(1'000, 1)); }), 0);
  const auto id = append(node_, event_of(900, 2)).id;
  node_.caller->forget_units();
  EXPECT_EQ(acknowledge(node_, id), AckStatus::acknowledged);
  EXPECT_EQ(node_.caller->read_units, 1);
  EXPECT_EQ(node_.caller->write_units, 2);
  EXPECT_EQ(read_units([&] { page(node_); }), read_units([&] { page(node_); }));
  clock.advance(std::chrono::seconds{1});
  int settings = 0, others = 0;
  node_.caller->before = [&](dynamo::ApiCall api_call, const boost::json::object& body) {
    const bool reads = api_call == dynamo::ApiCall::get_item && writes(body, "s#");
    (reads ? settings : others) += 1;
  };
  append(node_, event_of(1'000, 3));
  append(node_, event_of(1'000, 4));
  EXPECT_EQ(settings, 1);
  EXPECT_EQ(others, 4);
}

TEST_F(InboxCapacityTest, PostOfAKilobyteIsItsClaimAndATransactionOfTheLogAndEachInbox) {
  make_inboxes(1);
  EXPECT_EQ(post_units(event_of(1'000)), 1 + 2 * (1 + 2));
  // Entries have no copy of a larger event.
  EXPECT_EQ(post_units(event_of(3'000)), 1 + 2 * (3 + 2));
  EXPECT_EQ(read_units([&] { append(node_, event_of(1'000, 1)); }), 0);
}

TEST_F(InboxCapacityTest, EachInboxMoreThatTakesAnEventCostsTwoWriteUnits) {
  make_inboxes(9);
  EXPECT_EQ(post_units(event_of(1'000)), 1 + 2 * (1 + 10));
}

TEST_F(InboxCapacityTest, GetIsTheEntryAndTheRecordOfDefault) {
  make_inboxes(1);
  const auto small = append(node_, event_of(800)).id;
  const auto large = append(node_, event_of(3'000)).id;
  EXPECT_LE(read_units([&] { get(node_, small); }), 2);
  EXPECT_LE(read_units([&] { get(node_, large); }), 3);
}

TEST_F(InboxCapacityTest, PageIsItsEntriesTheirRecordsAndTheContentOfLargeEvents) {
  make_inboxes(1);
  for (std::size_t i = 0; i < 50; ++i) append(node_, event_of(800, i));
  const auto small = read_units([&] { EXPECT_EQ(page(node_, {.limit = 50}).events.size(), 50U); });
  // A record that is not there costs a unit too, but DynamoDB Local does not count it.
  EXPECT_LE(small, 19);
  EXPECT_GE(small, 10);
}

TEST_F(InboxCapacityTest, ChangeOfSettingsIsATransactionOfTwoItems) {
  make_inboxes(1);
  node_.caller->forget_units();
  const auto name = InboxName::parse("inbox-0").value();
  ASSERT_TRUE(sync_wait(node_.store->put_inbox(tenant, name, {.collect = false}, std::nullopt)).ok());
  EXPECT_EQ(node_.caller->write_units, 4);
}

}  // namespace
}  // namespace triggers::store
