#pragma once

// One tenant's inbox over an open database, without the rest of the engine: appends, acknowledges and expires events.
// Tests of the whole engine use rocks_fixture.h.

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/sync_wait.h"
#include "store/rocks/commit/committer.h"
#include "store/rocks/commit/id_time.h"
#include "store/rocks/database/database.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/inbox/tenants.h"
#include "support/draft.h"

namespace triggers::store {

/// The inbox of one tenant over an open database, written as the embedded engine writes it. So a test can reach the
/// database itself: to flush a family, or to count on its own thread.
class CommittedInbox {
 public:
  /// `clock` outlives this.
  explicit CommittedInbox(const std::string& data_dir, const Clock& clock = Clock::system())
      : database_(Database::open(config_of(data_dir)).value()), clock_(clock) {
    rocksdb::PinnableSlice counters;
    if (!*database_->get(Family::meta, inbox_.meta_key(), counters)) return;
    EXPECT_TRUE(inbox_.decode_meta({counters.data(), counters.size()}));
  }
  CommittedInbox(const CommittedInbox&) = delete;
  CommittedInbox& operator=(const CommittedInbox&) = delete;
  ~CommittedInbox() { queue_.close(); }

  /// Called after each commit, on the committer's thread. Set it before the first.
  std::function<void(const CommitStats&)> on_commit;

  [[nodiscard]] Database& database() { return *database_; }
  [[nodiscard]] InboxState& inbox() { return inbox_; }
  [[nodiscard]] const Tenant& tenant() const { return tenant_; }

  std::vector<EventId> append(std::size_t count) {
    std::vector<Draft> drafts;
    for (std::size_t i = 0; i < count; ++i) drafts.push_back(numbered(next_++));
    std::vector<IncomingEvent> appends;
    for (const Draft& draft : drafts) appends.push_back(draft.append());
    std::vector<Result<Appended>> answers(count, Appended{});
    Operation operation;
    operation.tenant = &tenant_;
    operation.events = appends;
    operation.appended = answers;
    commit(operation);
    std::vector<EventId> ids;
    for (const auto& answer : answers) ids.push_back(answer->id);
    return ids;
  }

  void acknowledge(std::span<const EventId> ids) {
    EntryOperation entry;
    for (const EventId& id : ids) entry.results.push_back({id});
    ASSERT_TRUE(commit(entry));
    for (const EntryResult& result : entry.results) EXPECT_EQ(result.status, EntryStatus::acknowledged);
  }

  /// Carries out a request of a consumer, as often as the committer leaves it.
  [[nodiscard]] Status commit(EntryOperation& entry) {
    Operation operation;
    operation.kind = Operation::Kind::entries;
    operation.tenant = &tenant_;
    operation.entry = &entry;
    do {
      entry.left = false;
      entry.may_use_disk = std::exchange(entry.needs_disk, false);
      sync_wait(submit(queue_, operation));
    } while (entry.left && !operation.error);
    if (operation.error) return *operation.error;
    return Done{};
  }

  /// Removes acknowledged events as retention does.
  void expire(std::span<const EventId> ids) {
    rocksdb::WriteBatch batch;
    for (const EventId& id : ids) {
      const std::string key = layout::event_key(tenant_.id, id);
      rocksdb::PinnableSlice acknowledged;
      ASSERT_TRUE(*database_->get(Family::acknowledged, key, acknowledged));
      const auto at = static_cast<std::int64_t>(layout::read_u64({acknowledged.data(), acknowledged.size()}));
      batch.SingleDelete(database_->family(Family::events), key);
      batch.SingleDelete(database_->family(Family::acknowledged), key);
      batch.SingleDelete(database_->family(Family::expiry),
                         layout::expiry_key(UnixMillis{std::chrono::milliseconds{at}}, tenant_.id, id));
    }
    EXPECT_TRUE(database_->write(batch));
  }

 private:
  static DatabaseConfig config_of(const std::string& data_dir) {
    DatabaseConfig config;
    config.data_dir = data_dir;
    return config;
  }
  static Task<void> submit(CommitQueue& queue, Operation& operation) { co_await queue.submit(operation); }
  void commit(Operation& operation) {
    sync_wait(submit(queue_, operation));
    EXPECT_FALSE(operation.error);
  }

  const Tenant tenant_{"acme"};
  std::size_t next_ = 0;
  std::unique_ptr<Database> database_;
  const Clock& clock_;
  Tenants tenants_;
  InboxState& inbox_ = tenants_.get(tenant_.id).default_inbox();
  JobBoard jobs_;
  CommitQueue queue_{CommitLimits{}};
  IdTime id_time_{clock_};
  Committer committer_{
      *database_,
      tenants_,
      jobs_,
      queue_,
      EventId{},
      CommitterConfig{
          .clock = &clock_, .id_time = &id_time_, .hash_seed = {}, .observe = [this](const CommitStats& stats) {
            if (on_commit) on_commit(stats);
          }}};
};

}  // namespace triggers::store
