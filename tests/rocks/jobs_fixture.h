#pragma once

// The fixture of the tests about jobs of inboxes: starts jobs, runs them, and looks at what they leave on the disk.

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rocks_fixture.h"
#include "store/rocks/database/database.h"

namespace triggers::store {

/// Events of one tenant, in the inboxes `default` and others.
class JobsFixture : public RocksFixture {
 protected:
  using Ids = std::vector<EventId>;
  static InboxName named(const std::string& name) { return InboxName::parse(name).value(); }

  Ids fill(std::size_t count) {
    Ids ids;
    while (ids.size() < count) {
      std::vector<Draft> drafts;
      for (std::size_t i = ids.size(); i < count && drafts.size() < 500; ++i) drafts.push_back(numbered(next_++));
      std::vector<IncomingEvent> events;
      for (const Draft& draft : drafts) events.push_back(draft.append());
      for (const auto& answer : sync_wait(store->append_batch(tenant, events))) ids.push_back(answer.value().id);
    }
    return ids;
  }
  void put(const InboxName& name, const inbox::Settings& settings = {}) {
    ASSERT_TRUE(sync_wait(store->put_inbox(tenant, name, settings, std::nullopt)));
  }
  Result<Job> start_purge(const InboxName& name = {}) { return sync_wait(store->purge(tenant, name)); }
  Result<Job> start_replay(const InboxName& name = {}, const ReplayRange& range = {}) {
    return sync_wait(store->replay(tenant, name, range));
  }
  Job ended(const Job& job, const InboxName& name = {}) {
    EXPECT_TRUE(store->settle());
    return show(job, name).value();
  }
  std::optional<Job> show(const Job& job, const InboxName& name = {}) {
    return sync_wait(store->job(tenant, name, job.id)).value();
  }
  inbox::Counts counts(const InboxName& name = {}) { return sync_wait(store->inbox(tenant, name)).value().counts; }
  void acknowledge(const Ids& ids, const InboxName& name = {}) {
    for (std::size_t begin = 0; begin < ids.size(); begin += 500) {
      const Ids some(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                     ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), begin + 500)));
      ASSERT_TRUE(sync_wait(store->acknowledge(tenant, name, std::nullopt, some)));
    }
  }
  /// Leases until there is nothing more, and acknowledges.
  Ids consume(const InboxName& name = {}) {
    Ids ids;
    for (;;) {
      const auto leased = sync_wait(store->lease(tenant, LeaseRequest{.inbox = name, .limit = 500})).value();
      if (leased.events.empty()) return ids;
      for (const auto& event : leased.events) ids.push_back(event.event.id);
      EXPECT_TRUE(sync_wait(store->acknowledge(tenant, name, leased.lease, std::nullopt)));
    }
  }

  /// Looks at the database, or changes it, while no store has it open.
  void edit(const std::function<void(Database&, rocksdb::WriteBatch&)>& change) {
    store.reset();
    DatabaseConfig raw;
    raw.data_dir = config.data_dir;
    const auto database = Database::open(raw).value();
    rocksdb::WriteBatch batch;
    change(*database, batch);
    ASSERT_TRUE(database->write(batch));
  }
  std::size_t on_disk(Family family, const std::string& prefix = {}) {
    std::size_t count = 0;
    edit([&](Database& database, rocksdb::WriteBatch&) {
      const std::unique_ptr<rocksdb::Iterator> iterator(database.db().NewIterator({}, database.family(family)));
      for (iterator->Seek(prefix); iterator->Valid() && iterator->key().starts_with(prefix); iterator->Next()) ++count;
    });
    return count;
  }

  const InboxName all{}, crm = named("crm");

 private:
  std::size_t next_ = 0;
};

}  // namespace triggers::store
