// Leases on the embedded engine: what a restart, a full disk, a kill and an unreadable record leave of them. What
// leases do on every engine is in tests/contract/lease_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/perf_context.h>

#include <atomic>
#include <thread>

#include "rocks/committed_inbox.h"
#include "rocks_fixture.h"
#include "support/directory_snapshot.h"
#include "support/flush_threads.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<EventId>;
using enum EntryStatus;

class Leases : public RocksFixture {
 protected:
  Ids fill(std::size_t count) {
    Ids ids;
    for (std::size_t i = 0; i != count; ++i) ids.push_back(append(numbered(next_++)).value().id);
    return ids;
  }
  Leased lease(std::size_t limit) { return sync_wait(store->lease(tenant, LeaseRequest{.limit = limit})).value(); }
  std::vector<EntryResult> acknowledge(const Leased& lease, std::optional<Ids> ids = {}) {
    return sync_wait(store->acknowledge(tenant, InboxName(), lease.lease, std::move(ids))).value();
  }
  std::vector<EntryResult> release(const Leased& lease, std::chrono::seconds delay = {}, const char* error = "broken") {
    return sync_wait(store->release(tenant, InboxName(), lease.lease, std::nullopt, delay, std::string(error))).value();
  }
  /// Uses up the attempts of the oldest entries.
  void kill(std::size_t count) {
    for (std::uint32_t i = 0; i != *inbox::Rules().max_attempts; ++i) release(lease(count));
  }
  void restart_as_after_a_kill() {
    const std::string killed = directory / ("killed" + std::to_string(++kills_));
    testing_support::restore(testing_support::snapshot(config.data_dir), killed);
    store.reset();
    config.data_dir = killed;
    open();
  }
  /// Ends a shortage. Rarely RocksDB loses a flush in one, and a restart helps: shortage_test.cc.
  void end_shortage() {
    disk->set(testing_support::FailingFileSystem::Fault::none);
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!store->health().writable && std::chrono::steady_clock::now() < deadline) {
      store->check_files();
      std::this_thread::yield();
    }
    if (!store->health().writable) reopen();
  }

 private:
  std::size_t next_ = 0;
  int kills_ = 0;
};

Ids ids_of(const Leased& leased) {
  Ids ids;
  for (const LeasedEvent& event : leased.events) ids.push_back(event.event.id);
  return ids;
}

TEST_F(Leases, LeaseAndItsAcknowledgementOutliveARestart) {
  open();
  const Ids ids = fill(3);
  const Leased leased = lease(2);
  EXPECT_EQ(ids_of(leased), (Ids{ids[0], ids[1]}));
  EXPECT_EQ(leased.until, clock.now() + 30s);
  reopen();
  EXPECT_EQ(acknowledge(leased, Ids{ids[0]}), (std::vector<EntryResult>{{ids[0], acknowledged}}));
  EXPECT_EQ(ids_of(lease(3)), Ids{ids[2]});
  reopen();
  EXPECT_EQ(acknowledge(leased, Ids{ids[0]}), (std::vector<EntryResult>{{ids[0], already_acknowledged}}));
  EXPECT_EQ(acknowledge(leased), (std::vector<EntryResult>{{ids[1], acknowledged}}));
  EXPECT_EQ(inbox(), Ids{ids[2]});
}

TEST_F(Leases, IsInOrderAlthoughAnOlderEntryCameBackBetweenItsParts) {
  config.commit.commit_elements_max = 2;
  config.commit.lone_after = 1h;
  std::size_t parts = 0;  // Of the second lease.
  config.on_commit = [&](const CommitStats& stats) {
    if (stats.leased == 2 && parts++ == 0) clock.advance(31s);
  };
  open();
  const Ids ids = fill(5);
  EXPECT_EQ(lease(1).events.size(), 1U);
  const Leased second = sync_wait(store->lease(tenant, LeaseRequest{.limit = 4, .duration = 100s})).value();
  EXPECT_EQ(ids_of(second), (Ids{ids[0], ids[1], ids[2], ids[3]}));
  ASSERT_EQ(second.events.size(), 4U);
  EXPECT_EQ(second.events[0].attempt, 2U);
  EXPECT_EQ(second.events[1].attempt, 1U);
  store.reset();
  EXPECT_EQ(parts, 2U);
}

std::vector<std::uint32_t> attempts_of(const Leased& leased) {
  std::vector<std::uint32_t> attempts;
  for (const LeasedEvent& event : leased.events) attempts.push_back(event.attempt);
  return attempts;
}

TEST_F(Leases, EveryStateOutlivesARestartAndAKill) {
  open();
  const Ids ids = fill(6);
  kill(1);
  const Leased held = lease(1);
  release(lease(1), 1h);
  release(lease(1), 0s, "no such customer");
  for (int round = 0; round != 2; ++round) {
    // A start compares its counts with what is stored.
    if (round == 0) reopen();
    if (round == 1) restart_as_after_a_kill();
    EXPECT_EQ(inbox(), (Ids{ids[1], ids[2], ids[3], ids[4], ids[5]}));
    const Leased back = lease(2);
    EXPECT_EQ(ids_of(back), (Ids{ids[3], ids[4]}));
    EXPECT_EQ(attempts_of(back), (std::vector<std::uint32_t>{static_cast<std::uint32_t>(2 + round),
                                                             static_cast<std::uint32_t>(1 + round)}));
    release(back);
  }
  EXPECT_EQ(acknowledge(held), (std::vector<EntryResult>{{ids[1], acknowledged}}));
  clock.advance(1h);
  EXPECT_EQ(ids_of(lease(10)), (Ids{ids[2], ids[3], ids[4], ids[5]}));
  EXPECT_EQ(sync_wait(store->requeue(tenant, InboxName(), {ids[0]})).value(),
            (std::vector<EntryResult>{{ids[0], requeued}}));
  restart_as_after_a_kill();
  EXPECT_EQ(inbox().front(), ids[0]);
  const Leased again = lease(10);
  EXPECT_EQ(ids_of(again), Ids{ids[0]});
  EXPECT_EQ(attempts_of(again), std::vector<std::uint32_t>{1});
}

TEST_F(Leases, AttemptIsNeverRepeatedAfterAKill) {
  open();
  fill(1);
  for (std::uint32_t attempt = 1; attempt != 6; ++attempt) {
    EXPECT_EQ(attempts_of(lease(1)), std::vector{attempt});
    restart_as_after_a_kill();
    EXPECT_EQ(lease(1).outcome, Leased::Outcome::nothing);
    clock.advance(30s);
  }
}

TEST_F(Leases, LeaseEndsWhenItWouldHaveAlsoIfTheClockIsBehindAfterARestart) {
  open();
  const Ids ids = fill(1);
  clock.advance(24h);
  sync_wait(store->lease(tenant, LeaseRequest{.duration = 60s})).value();
  store.reset();
  clock.jump(-12h);
  open();
  EXPECT_EQ(lease(1).outcome, Leased::Outcome::nothing);
  clock.advance(60s);
  EXPECT_EQ(ids_of(lease(1)), ids);
}

TEST_F(Leases, CommitterDoesNotWaitForTheDisk) {
  std::atomic<std::uint64_t> blocks_read{0};  // By the committer: RocksDB counts for each thread.
  config.on_commit = [&](const CommitStats&) {
    blocks_read += rocksdb::get_perf_context()->block_read_count;
    rocksdb::get_perf_context()->Reset();
  };
  open();
  const Ids ids = fill(20);
  reopen();  // What was in memory is in tables now.
  EXPECT_EQ(ids_of(lease(10)), Ids(ids.begin(), ids.begin() + 10));
  EXPECT_EQ(ids_of(lease(500)), Ids(ids.begin() + 10, ids.end()));
  store.reset();
  EXPECT_EQ(blocks_read, 0U);
}

TEST_F(Leases, FullDiskUndoesWhatItRefusesAndTheIndexGoesOn) {
  use_failing_disk();
  open();
  const Ids ids = fill(12);
  const Leased held = lease(2), other = lease(2);
  kill(1);  // ids[4]
  for (int round = 0; round != 3; ++round) {
    testing_support::settle_flushes();
    disk->set(testing_support::FailingFileSystem::Fault::full);
    const auto refused = sync_wait(store->lease(tenant, LeaseRequest{.limit = 3}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_FALSE(sync_wait(store->acknowledge(tenant, InboxName(), held.lease, std::nullopt)));
    EXPECT_FALSE(sync_wait(store->release(tenant, InboxName(), other.lease, std::nullopt, 0s, std::nullopt)));
    EXPECT_FALSE(sync_wait(store->requeue(tenant, InboxName(), {ids[4]})));
    EXPECT_FALSE(sync_wait(store->discard(tenant, InboxName(), {ids[4]})));
    EXPECT_FALSE(append(numbered(1'000)));
    EXPECT_EQ(inbox().size(), 11U);
    end_shortage();
    ASSERT_TRUE(store->health().writable) << store->health().problem;
    const Leased next = lease(1);
    EXPECT_EQ(ids_of(next), Ids{ids[5 + static_cast<std::size_t>(round)]});
    EXPECT_EQ(attempts_of(next), std::vector<std::uint32_t>{1}) << "the refused lease was no attempt";
  }
  EXPECT_EQ(acknowledge(held), (std::vector<EntryResult>{{ids[0], acknowledged}, {ids[1], acknowledged}}));
  EXPECT_EQ(sync_wait(store->requeue(tenant, InboxName(), {ids[4]})).value(),
            (std::vector<EntryResult>{{ids[4], requeued}}));
  release(other);
  // The counts of the index are compared with a recount by the start.
  for (const bool killed : {true, false}) {
    if (killed) restart_as_after_a_kill();
    if (!killed) reopen();
    EXPECT_EQ(inbox().size(), 10U);
  }
  EXPECT_EQ(ids_of(lease(20)), (Ids{ids[2], ids[3], ids[4], ids[8], ids[9], ids[10], ids[11]}));
}

/// Every page from the front finds an entry that was requeued before the page was asked for, although it is older than
/// the head, and other readers raise the head all the time.
TEST_F(Leases, NothingThatIsDeadNeedsNoCommit) {
  std::atomic<std::size_t> operations{0};
  config.on_commit = [&](const CommitStats& stats) { operations += stats.operations; };
  open();
  fill(3);
  EXPECT_EQ(sync_wait(store->requeue_all(tenant, InboxName(), std::nullopt)).value().count, 0U);
  EXPECT_EQ(sync_wait(store->discard_all(tenant, InboxName(), "t")).value().count, 0U);
  EXPECT_EQ(lease(2).events.size(), 2U);
  EXPECT_EQ(sync_wait(store->discard_all(tenant, InboxName(), std::nullopt)).value().count, 0U);
  const InboxName unknown = InboxName::parse("unknown").value();
  EXPECT_EQ(sync_wait(store->discard_all(tenant, unknown, std::nullopt)).error().code, ErrorCode::not_found);
  store.reset();
  EXPECT_EQ(operations, 4U) << "three events and the lease";
}

TEST_F(Leases, EntryThatDiesByTheEndOfItsLeaseIsRequeued) {
  open();
  ASSERT_TRUE(sync_wait(store->put_inbox(tenant, InboxName(), {.max_attempts = 1}, std::nullopt)));
  const Ids ids = fill(2);
  EXPECT_EQ(lease(1).events.size(), 1U);
  clock.advance(31s);
  EXPECT_EQ(sync_wait(store->requeue_all(tenant, InboxName(), std::nullopt)).value().count, 1U);
  EXPECT_EQ(lease(2).events.size(), 2U);
}

TEST_F(Leases, PageFindsWhatWasRequeuedWhileOthersRead) {
  open();
  ASSERT_TRUE(sync_wait(store->put_inbox(tenant, InboxName(), {.max_attempts = 1}, std::nullopt)));
  const Ids ids = fill(3);
  release(lease(1));
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i != 2; ++i) {
    readers.emplace_back([&] {
      while (!done) EXPECT_TRUE(sync_wait(store->page(tenant, PageQuery{.limit = 1})));
    });
  }
  for (int round = 0; round != 200; ++round) {
    EXPECT_EQ(inbox(), (Ids{ids[1], ids[2]}));
    EXPECT_EQ(sync_wait(store->requeue(tenant, InboxName(), {ids[0]})).value().front().status, requeued);
    EXPECT_EQ(inbox(), ids) << "round " << round;
    release(lease(1));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

class UnreadableEntry : public testing::Test {
 protected:
  EntryOperation lease(std::size_t limit) {
    EntryOperation entry;
    entry.kind = EntryOperation::Kind::lease;
    entry.limit = limit;
    entry.bytes_max = 1'000'000;
    entry.duration = 1h;
    status = store.commit(entry);
    return entry;
  }
  void release(const EntryOperation& leased) {
    EntryOperation entry;
    entry.kind = EntryOperation::Kind::release;
    entry.lease = leased.lease;
    entry.all_held = true;
    entry.error = "broken";
    ASSERT_TRUE(store.commit(entry));
  }
  void put(Family family, const EventId& id, const std::string& value) {
    rocksdb::WriteBatch batch;
    batch.Put(store.database().family(family), store.inbox().prefix() + std::string(id.view()), value);
    ASSERT_TRUE(store.database().write(batch));
  }
  void expect_refused(const std::string& what) {
    const auto counts = store.inbox().view().counts;
    for (int i = 0; i != 3; ++i) {
      lease(3);
      ASSERT_FALSE(status);
      EXPECT_EQ(status.error().code, ErrorCode::internal);
      EXPECT_THAT(status.error().message, testing::HasSubstr(what));
      EXPECT_EQ(store.inbox().view().counts, counts);
    }
  }

  Status status = Done{};
  const testing_support::ScratchDirectory directory;
  ManualClock clock;
  CommittedInbox store{directory / "data", clock};
};

TEST_F(UnreadableEntry, LeaseOverAnUnreadablePendingEntryLeavesEverythingAsItWas) {
  const auto ids = store.append(4);
  put(Family::pending, ids[1], "\xff\x7f");
  expect_refused("the pending entry of acme, event");
  EXPECT_EQ(lease(1).leased.size(), 1U);
  expect_refused("the pending entry of acme, event");
  // It can still be acknowledged, which reads no size.
  store.acknowledge(std::span(ids).subspan(1, 1));
  const auto leased = lease(3).leased;
  ASSERT_TRUE(status) << status.error().message;
  ASSERT_EQ(leased.size(), 2U);
  for (const auto& one : leased) EXPECT_EQ(one.attempt, 1U);
}

TEST_F(UnreadableEntry, LeaseOverAnUnreadableRecordLeavesEverythingAsItWas) {
  const auto ids = store.append(4);
  release(lease(2));
  put(Family::entries, ids[1], "\x7f");
  expect_refused("the record of an entry of acme, event " + ids[1].text());
  store.acknowledge(std::span(ids).subspan(1, 1));
  const auto leased = lease(3).leased;
  ASSERT_EQ(leased.size(), 3U);
  EXPECT_EQ(leased[0].attempt, 2U);
  EXPECT_EQ(leased[1].attempt, 1U);
}

TEST_F(UnreadableEntry, LeaseThatEndsOverAnUnreadableRecordStopsNothing) {
  const auto ids = store.append(2);
  for (std::uint32_t attempt = 1; attempt != *inbox::Rules().max_attempts; ++attempt) release(lease(1));
  lease(1);
  put(Family::entries, ids[0], "\x7f");
  clock.advance(1h);
  const auto leased = lease(2).leased;
  ASSERT_TRUE(status) << status.error().message;
  ASSERT_EQ(leased.size(), 1U);
  EXPECT_EQ(leased[0].id, ids[1]);
  EXPECT_EQ(store.inbox().view().counts, (inbox::Counts{.leased = 1, .dead = 1}));
  EXPECT_GT(store.database().damage().count(), 0U);
}

TEST_F(UnreadableEntry, CountersThatSayTooLittleAreReportedAndNoCrash) {
  const auto ids = store.append(2);
  lease(1);
  for (const EventId& id : {ids[0], ids[1]}) {
    EventId more = id;
    more.bytes[15] ^= 0x55;
    more.bytes[0] = 0xff;  // Newer than all others.
    put(Family::pending, more, std::string("\xff\x00\x10order", 8));
  }
  lease(3);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, testing::HasSubstr("the counters of the inbox of acme"));
}

}  // namespace
}  // namespace triggers::store
