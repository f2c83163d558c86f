// Inboxes on the embedded engine: routing and changes of settings in one commit, failed writes, and what stays on the
// disk. What every engine promises is in tests/contract.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <map>
#include <thread>

#include "held_commit.h"
#include "rocks_fixture.h"
#include "store/rocks/commit/entry_operation.h"
#include "store/rocks/database/database.h"
#include "store/rocks/format/holding.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::FailingFileSystem;
using Ids = std::vector<EventId>;

InboxName named(const char* name) { return InboxName::parse(name).value(); }
const InboxName crm = named("crm");

class RocksInboxesTest : public RocksFixture {
 protected:
  Result<PutInbox> put(const InboxName& name, const inbox::Settings& settings = {}) {
    return sync_wait(store->put_inbox(tenant, name, settings, std::nullopt));
  }
  Result<bool> remove(const InboxName& name) { return sync_wait(store->remove_inbox(tenant, name, std::nullopt)); }
  Ids ids_in(const InboxName& name) {
    PageQuery query{.inbox = name.text(), .limit = 200};
    Ids ids;
    const Page page = sync_wait(store->page(tenant, query)).value();
    for (const auto& event : page.events) ids.push_back(event.id);
    return ids;
  }
  bool has_event(EventId id) { return sync_wait(store->get(tenant, id)).value().has_value(); }

  /// Changes the database while no store has it open.
  void edit(const std::function<void(Database&, rocksdb::WriteBatch&)>& change) {
    store.reset();
    {
      DatabaseConfig raw;
      raw.data_dir = config.data_dir;
      const auto database = Database::open(raw).value();
      rocksdb::WriteBatch batch;
      change(*database, batch);
      ASSERT_TRUE(database->write(batch));
    }
  }
  /// How many entries each family has, and how many in the family `default` begin with each prefix.
  std::map<std::string, std::size_t> entries_on_disk() {
    store.reset();
    std::map<std::string, std::size_t> counts;
    DatabaseConfig raw;
    raw.data_dir = config.data_dir;
    const auto database = Database::open(raw).value();
    const auto count = [&](Family family, const std::string& name, const std::string& prefix) {
      const std::unique_ptr<rocksdb::Iterator> iterator(database->db().NewIterator({}, database->family(family)));
      for (iterator->Seek(prefix); iterator->Valid() && iterator->key().starts_with(prefix); iterator->Next()) {
        ++counts[name];
      }
    };
    count(Family::meta, "inbox/", "inbox/");
    count(Family::meta, "settings/", "settings/");
    count(Family::meta, "leaving/", "leaving/");
    count(Family::pending, "pending", "");
    count(Family::entries, "entries", "");
    count(Family::events, "events", "");
    count(Family::holders, "holders", "");
    count(Family::expiry, "expiry", "");
    return counts;
  }
};

class OneCommit : public HeldCommit<RocksInboxesTest> {
 protected:
  OneCommit() {
    config.on_commit = [this](const CommitStats& stats) {
      left_events += stats.left_events;
      operations_max = std::max(operations_max.load(), stats.operations);
      if (fail_after_left && stats.left_events > 0) disk->set(FailingFileSystem::Fault::full);
      wait_if_held();
    };
  }
  void SetUp() override {
    use_failing_disk();
    open();
  }
  ~OneCommit() override { store.reset(); }  // A commit may be observed after its waiters were woken.

  std::atomic<bool> fail_after_left{false};  ///< The disk is full after a commit that has left events.
  std::atomic<std::size_t> left_events{0};
  std::atomic<std::size_t> operations_max{0};  ///< In one commit.
};

TEST_F(OneCommit, EventBehindAChangeIsRoutedByIt) {
  hold_committer();
  EventId id;
  queue([&] { EXPECT_TRUE(put(crm)); });
  queue([&] { id = append(numbered(1)).value().id; });
  run_commit();
  EXPECT_EQ(ids_in(crm), Ids{id});
  EXPECT_EQ(left_events, 1U);
}

TEST_F(OneCommit, EventBeforeAChangeIsNotRoutedByIt) {
  hold_committer();
  EventId id;
  queue([&] { id = append(numbered(1)).value().id; });
  queue([&] { EXPECT_TRUE(put(crm)); });
  run_commit();
  EXPECT_EQ(ids_in(crm), Ids{});
  EXPECT_EQ(inbox().back(), id);
  EXPECT_EQ(left_events, 0U);
}

TEST_F(OneCommit, EventBehindARemovalIsNotInTheInbox) {
  ASSERT_TRUE(put(crm));
  ASSERT_TRUE(put(named("other")));
  hold_committer();
  EventId id;
  queue([&] { EXPECT_TRUE(remove(crm)); });
  queue([&] { id = append(numbered(1)).value().id; });
  run_commit();
  EXPECT_EQ(ids_in(named("other")).back(), id);
  EXPECT_EQ(ids_in(crm), Ids{});
  ASSERT_TRUE(put(crm));
  EXPECT_EQ(ids_in(crm), Ids{});
}

TEST_F(OneCommit, RemovedAndMadeAgainInOneCommitItIsANewInbox) {
  const InboxRecord first = put(crm).value().inbox;
  const EventId before = append(numbered(1)).value().id;
  hold_committer();
  EventId after;
  Result<PutInbox> second{PutInbox{}};
  queue([&] { EXPECT_TRUE(remove(crm)); });
  queue([&] { second = put(crm, {.description = "again"}); });
  queue([&] { after = append(numbered(2)).value().id; });
  run_commit();
  // The change was decided while the inbox was there, so it was decided again.
  EXPECT_EQ(second.value().outcome, PutInbox::Outcome::created);
  EXPECT_NE(second.value().inbox.number, first.number);
  const Ids found = ids_in(crm);
  EXPECT_EQ(std::ranges::count(found, before), 0);
  EXPECT_TRUE(found.empty() || found == Ids{after});
}

TEST_F(OneCommit, DuplicateOfAnEventBehindAChangeIsStillADuplicate) {
  const EventId first = append(numbered(1)).value().id;
  hold_committer();
  Result<Appended> again{Appended{}};
  queue([&] { EXPECT_TRUE(put(crm)); });
  queue([&] { again = append(numbered(1)); });
  run_commit();
  EXPECT_EQ(again.value().outcome, Appended::Outcome::duplicate);
  EXPECT_EQ(again.value().id, first);
  EXPECT_EQ(ids_in(crm), Ids{});
}

TEST_F(OneCommit, EventThatWasLeftAndCannotBeWrittenThenIsRefused) {
  hold_committer();
  fail_after_left = true;
  Result<Appended> answer{Appended{}};
  queue([&] { EXPECT_TRUE(put(crm)); });
  queue([&] { answer = append(numbered(1)); });
  run_commit();
  ASSERT_FALSE(answer) << answer->id.text();
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_EQ(ids_in(crm), Ids{});
}

TEST_F(OneCommit, RequestsThatMayFindManyEntriesShareItIfTheyFindFew) {
  constexpr std::size_t requests = 8;
  std::vector<LeaseId> leases;
  for (std::size_t i = 0; i < requests; ++i) {
    append(numbered(i)).value();
    leases.push_back(sync_wait(store->lease(tenant, {.limit = 1})).value().lease);
  }
  hold_committer();
  for (const LeaseId& lease : leases) {
    queue([&] {
      const auto results = sync_wait(store->acknowledge(tenant, InboxName(), lease, std::nullopt)).value();
      EXPECT_EQ(results.size(), 1U);
    });
    queue([&] { EXPECT_TRUE(sync_wait(store->lease(tenant, {.limit = entries_of_request_max}))); });
  }
  run_commit();
  store.reset();
  EXPECT_GE(operations_max, 2 * requests);  // Perhaps with the event of hold_committer().
}

TEST_F(RocksInboxesTest, WriteThatFailsLeavesTheInboxesAsTheyWere) {
  use_failing_disk();
  open();
  ASSERT_TRUE(put(crm));
  disk->set(FailingFileSystem::Fault::full);
  EXPECT_EQ(put(named("other")).error().code, ErrorCode::unavailable);
  EXPECT_FALSE(remove(crm).ok());
  EXPECT_EQ(sync_wait(store->inboxes(tenant)).value().size(), 2U);
  disk->set(FailingFileSystem::Fault::none);
  reopen();
  EXPECT_EQ(sync_wait(store->inboxes(tenant)).value().size(), 2U);
  const EventId id = append(numbered(1)).value().id;
  EXPECT_EQ(ids_in(crm), Ids{id});
  ASSERT_TRUE(put(named("other")));
}

TEST_F(RocksInboxesTest, NumbersAreNotGivenAgainAfterARestart) {
  open();
  const std::uint64_t first = put(crm).value().inbox.number;
  ASSERT_TRUE(remove(crm));
  ASSERT_TRUE(store->settle());
  reopen();
  EXPECT_GT(put(crm).value().inbox.number, first);
}

TEST_F(RocksInboxesTest, RemovalGoesOnAfterARestart) {
  open();
  ASSERT_TRUE(put(crm));
  for (std::size_t i = 0; i < 600; ++i) ASSERT_TRUE(append(numbered(i)));
  ASSERT_TRUE(remove(crm));
  reopen();
  EXPECT_EQ(sync_wait(store->inbox(tenant, crm)).error().code, ErrorCode::not_found);
  ASSERT_TRUE(store->settle());
  auto left = entries_on_disk();
  EXPECT_EQ(left["pending"], 600U);
  EXPECT_EQ(left["inbox/"], 1U);
  EXPECT_EQ(left["leaving/"], 0U);
}

TEST_F(RocksInboxesTest, MakingAndRemovingInboxesLeavesNothingBehind) {
  config.event_ttl = 24h;
  open();
  ASSERT_TRUE(put({}, {.collect = false}));
  const auto round = [&](std::size_t number) {
    ASSERT_TRUE(put(crm, {.filter = R"({"event_type":[{"prefix":"order."}]})"}));
    ASSERT_TRUE(append(numbered(number)));
    ASSERT_TRUE(remove(crm));
    ASSERT_TRUE(store->settle());
  };
  for (std::size_t i = 0; i < 50; ++i) round(i);
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 50; i < 350; ++i) round(i);
  const std::size_t after = mallinfo2().uordblks;
  // An inbox in memory is a few hundred bytes, and routes are some thousand. RocksDB's own memory grows with its
  // writes.
  std::printf("%zd bytes more after 300 rounds\n", static_cast<std::ptrdiff_t>(after - before));
  clock.advance(25h);
  EXPECT_EQ(store->sweep(1000).value(), 350U);
  const auto left = entries_on_disk();
  EXPECT_EQ(left, (std::map<std::string, std::size_t>{{"settings/", 1}}));
}

TEST_F(RocksInboxesTest, SweepDropsAnExpiryEntryOfAnEventThatIsHeld) {
  open();
  ASSERT_TRUE(put(crm));
  const EventId id = append(numbered(1)).value().id;
  const UnixMillis early = clock.now() - 24h * 365;
  edit([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Put(database.family(Family::expiry), layout::expiry_key(early, tenant.id, id), "");
  });
  open();
  EXPECT_EQ(store->sweep(10).value(), 0U);
  EXPECT_TRUE(has_event(id));
  EXPECT_EQ(entries_on_disk()["expiry"], 0U);
}

TEST_F(RocksInboxesTest, UnreadableHoldersKeepTheirEventAndNoOther) {
  open();
  ASSERT_TRUE(put({}, {.collect = false}));
  Ids ids;
  for (std::size_t i = 0; i < 3; ++i) ids.push_back(append(numbered(i)).value().id);
  edit([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Put(database.family(Family::holders), layout::event_key(tenant.id, ids[1]), "x");
  });
  open();
  ASSERT_TRUE(append(numbered(9)));
  EXPECT_EQ(store->sweep(10).value(), 0U);
  clock.advance(24h * 30);
  EXPECT_EQ(store->sweep(10).value(), 3U);
  EXPECT_EQ(sync_wait(store->get(tenant, ids[1])).error().code, ErrorCode::internal);
  EXPECT_FALSE(has_event(ids[0]));
  EXPECT_EQ(entries_on_disk()["events"], 1U);
}

TEST_F(RocksInboxesTest, StartRefusesSettingsThatItCannotRead) {
  open();
  ASSERT_TRUE(put(crm));
  const std::string key = layout::settings_key(tenant.id, crm.text());
  for (const char* value : {"", "{}", R"({"v":2})"}) {
    edit([&](Database& database, rocksdb::WriteBatch& batch) { batch.Put(database.family(Family::meta), key, value); });
    const auto opened = RocksStore::open(config);
    ASSERT_FALSE(opened) << value;
    EXPECT_EQ(opened.error().code, ErrorCode::unavailable);
    EXPECT_THAT(opened.error().message, HasSubstr("the inbox crm of acme"));
  }
}

TEST_F(RocksInboxesTest, StartRefusesCountersOfAnInboxThatIsNotThere) {
  open();
  ASSERT_TRUE(put(crm));
  ASSERT_TRUE(append(numbered(1)));
  edit([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Delete(database.family(Family::meta), layout::settings_key(tenant.id, crm.text()));
  });
  EXPECT_THAT(RocksStore::open(config).error().message, HasSubstr("no settings"));
}

TEST_F(RocksInboxesTest, FiltersThatTakeLongAreEvaluatedOnThePool) {
  open();
  std::string conditions;
  for (int i = 0; i < 60; ++i)
    conditions += (i == 0 ? "" : ",") + std::string(R"({"suffix":")") + std::to_string(i) + "\"}";
  ASSERT_TRUE(put(crm, {.filter = R"({"payload":{"text":[)" + conditions + "]}}"}));
  ASSERT_TRUE(append({.payload = R"({"text":"a"})"}));
  const std::uint64_t before = store->searches();
  const EventId small = append({.payload = R"({"text":"x59"})"}).value().id;
  EXPECT_EQ(store->searches(), before);
  const EventId large = append({.payload = R"({"text":")" + std::string(100'000, 'x') + R"(1"})"}).value().id;
  EXPECT_EQ(store->searches(), before + 1);
  EXPECT_EQ(ids_in(crm), (Ids{small, large}));
}

TEST_F(RocksInboxesTest, WhileNothingIsRoutedAnEventHasNoHolders) {
  open();
  const EventId id = append(numbered(1)).value().id;
  ASSERT_TRUE(sync_wait(store->acknowledge(tenant, {id})));
  ASSERT_TRUE(append(numbered(2)));
  ASSERT_TRUE(put(crm, {.collect = false}));
  ASSERT_TRUE(append(numbered(3)));
  EXPECT_EQ(entries_on_disk()["holders"], 0U);
}

}  // namespace
}  // namespace triggers::store
