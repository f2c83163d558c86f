// A store with several inboxes that has lost some of its records: a repair recounts which inboxes hold an event, and
// keeps the entries of an inbox whose settings are lost. Repairs of single entries are in repair_entries_test.cc.

#include <gmock/gmock.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <functional>

#include "rocks_fixture.h"
#include "store/rocks/database/database.h"
#include "store/rocks/format/holding.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/repair/repair.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using Ids = std::vector<EventId>;

const InboxName crm = InboxName::parse("crm").value();

/// Three events in `default` and in `crm`: the first acknowledged in `default`, the second in both.
class RepairInboxes : public RocksFixture {
 protected:
  void SetUp() override {
    open();
    const PutInbox made = sync_wait(store->put_inbox(tenant, crm, {}, std::nullopt)).value();
    place = layout::inbox_place(made.inbox.number);
    for (std::size_t i = 0; i != 3; ++i) ids.push_back(append(numbered(i)).value().id);
    ASSERT_TRUE(sync_wait(store->acknowledge(tenant, {ids[0], ids[1]})));
    ASSERT_TRUE(sync_wait(store->acknowledge(tenant, crm, std::nullopt, Ids{ids[1]})));
    freed_at = clock.now();
  }

  /// Damages the store, repairs it, and opens it again.
  RepairReport repair(const std::function<void(Database&, rocksdb::WriteBatch&)>& damage) {
    store.reset();
    RepairReport report;
    {
      DatabaseConfig raw;
      raw.data_dir = config.data_dir;
      const auto database = Database::open(raw).value();
      rocksdb::WriteBatch batch;
      damage(*database, batch);
      EXPECT_TRUE(database->write(batch));
      std::vector<rocksdb::ColumnFamilyHandle*> families;
      for (std::size_t i = 0; i != family_count; ++i) families.push_back(database->family(static_cast<Family>(i)));
      EXPECT_TRUE(rebuild(database->db(), families, report));
      for (std::size_t i = 0; i != ids.size(); ++i) held.push_back(holders(*database, ids[i]));
    }
    open();
    return report;
  }
  std::optional<Holding> holders(Database& database, const EventId& id) {
    rocksdb::PinnableSlice value;
    if (!*database.get(Family::holders, layout::event_key(tenant.id, id), value)) return std::nullopt;
    return decode_holding({value.data(), value.size()});
  }
  void lose(Database& database, rocksdb::WriteBatch& batch, const std::string& in, const EventId& id) {
    batch.Delete(database.family(Family::pending), layout::pending_key(tenant.id, in, id));
  }
  Ids ids_in(const InboxName& name) {
    const EntryPage page = sync_wait(store->entries(tenant, {.inbox = name})).value();
    Ids found;
    for (const auto& entry : page.entries) found.push_back(entry.event.id);
    return found;
  }
  static void nothing(Database&, rocksdb::WriteBatch& batch) { batch.Clear(); }

  std::string place;
  Ids ids;
  UnixMillis freed_at{};
  std::vector<std::optional<Holding>> held;
};

TEST_F(RepairInboxes, WholeStoreStaysAsItIs) {
  const RepairReport report = repair(nothing);
  EXPECT_THAT(report.losses, Not(Contains(HasSubstr("inbox"))));
  EXPECT_EQ(report.made_unacknowledged_again, 0U);
  EXPECT_EQ(held, (std::vector<std::optional<Holding>>{{{1}}, {{0, freed_at}}, {{2}}}));
  EXPECT_EQ(ids_in({}), Ids{ids[2]});
  EXPECT_EQ(ids_in(crm), (Ids{ids[0], ids[2]}));
}

TEST_F(RepairInboxes, WrongNumberOfHoldersIsRecounted) {
  repair([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Put(database.family(Family::holders), layout::event_key(tenant.id, ids[0]), encode_holding({.count = 7}));
    batch.Put(database.family(Family::holders), layout::event_key(tenant.id, ids[2]), "x");
  });
  EXPECT_EQ(held, (std::vector<std::optional<Holding>>{{{1}}, {{0, freed_at}}, {{2}}}));
}

TEST_F(RepairInboxes, EventThatTheOtherInboxLostIsInDefaultAgain) {
  const RepairReport report =
      repair([&](Database& database, rocksdb::WriteBatch& batch) { lose(database, batch, place, ids[0]); });
  EXPECT_EQ(report.made_unacknowledged_again, 1U);
  EXPECT_EQ(held[0], Holding{1});
  EXPECT_EQ(ids_in({}), (Ids{ids[0], ids[2]}));
  EXPECT_EQ(ids_in(crm), Ids{ids[2]});
  EXPECT_FALSE(sync_wait(store->get(tenant, ids[0])).value()->acknowledged_at);
}

TEST_F(RepairInboxes, EventThatOneOfTwoInboxesLostIsHeldByTheOther) {
  const RepairReport report =
      repair([&](Database& database, rocksdb::WriteBatch& batch) { lose(database, batch, place, ids[2]); });
  EXPECT_THAT(report.losses, Contains(HasSubstr("1 entries of inboxes other than `default` are lost")));
  EXPECT_EQ(held[2], Holding{1});
  EXPECT_EQ(ids_in({}), Ids{ids[2]});
  EXPECT_EQ(ids_in(crm), Ids{ids[0]});
}

TEST_F(RepairInboxes, EventThatDefaultLostIsInItAgainAlsoIfAnotherInboxHoldsIt) {
  const RepairReport report = repair(
      [&](Database& database, rocksdb::WriteBatch& batch) { lose(database, batch, layout::inbox_place(0), ids[2]); });
  EXPECT_EQ(report.made_unacknowledged_again, 1U);
  EXPECT_THAT(report.losses, Not(Contains(HasSubstr("inboxes other than"))));
  EXPECT_EQ(held[2], Holding{2});
  EXPECT_EQ(ids_in({}), Ids{ids[2]});
  EXPECT_EQ(ids_in(crm), (Ids{ids[0], ids[2]}));
}

TEST_F(RepairInboxes, EventThatOneInboxHoldsStaysIfTheNumberOfItsHoldersIsLost) {
  const RepairReport report = repair([&](Database& database, rocksdb::WriteBatch& batch) {
    for (const EventId& id : ids) batch.Delete(database.family(Family::holders), layout::event_key(tenant.id, id));
  });
  EXPECT_EQ(report.acknowledged, 1U);
  EXPECT_EQ(report.unacknowledged, 2U);
  EXPECT_EQ(held[0], Holding{1});
  EXPECT_EQ(held[2], Holding{2});
  EXPECT_EQ(store->sweep(10).value(), 0U);
  clock.advance(config.event_ttl);
  EXPECT_EQ(store->sweep(10).value(), 1U);
  EXPECT_TRUE(sync_wait(store->get(tenant, ids[0])).value());
  EXPECT_EQ(ids_in(crm), (Ids{ids[0], ids[2]}));
}

TEST_F(RepairInboxes, LostExpiryEntryIsWrittenAgain) {
  repair([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Delete(database.family(Family::expiry), layout::expiry_key(freed_at, tenant.id, ids[1]));
  });
  EXPECT_EQ(store->sweep(10).value(), 0U);
  clock.advance(config.event_ttl);
  EXPECT_EQ(store->sweep(10).value(), 1U);
  EXPECT_FALSE(sync_wait(store->get(tenant, ids[1])).value());
}

TEST_F(RepairInboxes, EntriesOfAnInboxWithoutSettingsAreInAnotherThatTakesNothingNew) {
  const RepairReport report = repair([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Delete(database.family(Family::meta), layout::settings_key(tenant.id, crm.text()));
    batch.Delete(database.family(Family::meta), layout::inbox_meta_key(tenant.id, place));
  });
  EXPECT_THAT(report.losses, Contains(HasSubstr("recovered-")));
  const auto views = sync_wait(store->inboxes(tenant)).value();
  ASSERT_EQ(views.size(), 2U);
  EXPECT_THAT(views[1].inbox.name.text(), HasSubstr("recovered-"));
  EXPECT_FALSE(views[1].inbox.settings.collect);
  EXPECT_EQ(views[1].counts.available, 2U);
  EXPECT_EQ(ids_in(views[1].inbox.name), (Ids{ids[0], ids[2]}));
  EXPECT_GT(sync_wait(store->put_inbox(tenant, crm, {}, std::nullopt)).value().inbox.number, views[1].inbox.number);
}

TEST_F(RepairInboxes, SettingsThatCannotBeReadAreReported) {
  const RepairReport report = repair([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Put(database.family(Family::meta), layout::settings_key(tenant.id, crm.text()), "{}");
    batch.Put(database.family(Family::meta), layout::settings_key(tenant.id, "default"), "x");
  });
  EXPECT_THAT(report.losses, Contains(HasSubstr("the settings of the inbox crm of acme")));
  EXPECT_THAT(report.losses, Contains(HasSubstr("the settings of the inbox default of acme")));
  EXPECT_EQ(ids_in({}), Ids{ids[2]});
}

TEST_F(RepairInboxes, RemovedInboxGoesOnLeaving) {
  ASSERT_TRUE(sync_wait(store->remove_inbox(tenant, crm, std::nullopt)));
  const RepairReport report = repair(nothing);
  EXPECT_THAT(report.losses, Not(Contains(HasSubstr("inbox"))));
  ASSERT_TRUE(store->settle());
  EXPECT_EQ(sync_wait(store->inboxes(tenant)).value().size(), 1U);
  clock.advance(config.event_ttl);
  EXPECT_EQ(store->sweep(10).value(), 2U);
}

/// A purge that went on could remove what came into the inbox again since.
TEST_F(RepairInboxes, JobThatRunsHasFailed) {
  const Job job = sync_wait(store->purge(tenant, crm)).value();
  const Uuid7 old = sync_wait(store->replay(tenant, {}, {})).value().id;
  ASSERT_TRUE(store->settle());
  const Job running = sync_wait(store->purge(tenant, {})).value();
  const Job done = sync_wait(store->job(tenant, {}, old)).value().value();
  const RepairReport report = repair([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Put(database.family(Family::meta), layout::job_key(tenant.id, place, job.id), "x");
    batch.Put(database.family(Family::meta), layout::job_key(tenant.id, layout::inbox_place(99), job.id), "{}");
  });
  EXPECT_THAT(report.losses, Contains(HasSubstr("a purge of an inbox of acme had not ended")));
  EXPECT_THAT(report.losses, Contains(HasSubstr("a stored job of an inbox cannot be read")));
  EXPECT_EQ(sync_wait(store->job(tenant, {}, running.id)).value()->state, Job::State::failed);
  EXPECT_TRUE(sync_wait(store->job(tenant, {}, running.id)).value()->ended_at);
  EXPECT_EQ(sync_wait(store->job(tenant, {}, old)).value(), done);
  EXPECT_FALSE(sync_wait(store->job(tenant, crm, job.id)).value());
  EXPECT_EQ(store->damage().count(), 0U);
  EXPECT_EQ(store->jobs().running, 0U);
  EXPECT_EQ(ids_in({}), ids);
  EXPECT_TRUE(sync_wait(store->purge(tenant, {})));
}

}  // namespace
}  // namespace triggers::store
