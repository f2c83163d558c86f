// Commits in which one allocation fails, each in turn: an operation is refused or done, never half done, and the next
// one is served.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <iostream>

#include "base/sync_wait.h"
#include "base/test_failing_memory.h"
#include "store/rocks/rocks_store.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

using failing_memory::allocations_left;
using Outcome = Appended::Outcome;

class OutOfMemory : public testing::Test {
 protected:
  OutOfMemory() {
    config.data_dir = directory / "data";
    config.memory_bytes = 32 * 1024 * 1024;
    config.background = false;
    config.on_commit = [this](const CommitStats& stats) {
      allocations_left = stats.accepted == arming_events ? arm.load() : -1;
    };
    open();
  }

  void open() {
    auto opened = RocksStore::open(config);
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }
  /// RocksDB was left in the middle of a write, and holds its directory for as long as this process lives. Its threads
  /// may still remove files, so a copy may miss some and is then made again.
  void reopen_as_after_a_kill() {
    namespace fs = std::filesystem;
    const std::string left = config.data_dir;
    for (int copy = 0; copy < 20; ++copy) {
      config.data_dir = left + "." + std::to_string(copy);
      fs::create_directories(config.data_dir + "/db");
      std::error_code gone;
      for (const auto& entry : fs::recursive_directory_iterator(left, gone)) {
        const auto to = config.data_dir / fs::relative(entry.path(), left, gone);
        if (entry.is_regular_file(gone)) fs::copy_file(entry.path(), to, gone);
      }
      if (auto opened = RocksStore::open(config); opened) {
        store = std::move(*opened);
        return;
      }
    }
    FAIL() << "the store cannot be opened again";
  }
  /// In the commit after this one, so many allocations succeed before one fails.
  void fail_after(long allocations) {
    arm = allocations;
    // A commit is observed after its waiters were woken, but on its thread and before the next one. This commit alone
    // has two events, so no earlier one that is observed late is taken for it.
    const std::array<Draft, arming_events> drafts{numbered(next_number++), numbered(next_number++)};
    for (const auto& answer : sync_wait(store->append_batch(bystander, {drafts[0].append(), drafts[1].append()}))) {
      ASSERT_TRUE(answer) << answer.error().message;
    }
  }
  Result<Appended> append(const Tenant& to, const Draft& draft) { return sync_wait(store->append(to, draft.append())); }
  std::uint64_t unacknowledged() {
    PageQuery query{.limit = 200};
    const Page page = sync_wait(store->page(tenant, query)).value();
    if (!page.has_more) {
      EXPECT_EQ(page.events.size(), page.total_unacknowledged);
    }
    return page.total_unacknowledged;
  }

  static constexpr std::size_t arming_events = 2;

  testing_support::ScratchDirectory directory;
  const Tenant tenant{"acme"}, bystander{"zeta"};
  RocksConfig config;
  std::atomic<long> arm{-1};
  std::size_t next_number = 0;
  std::unique_ptr<RocksStore> store;
};

TEST_F(OutOfMemory, RefusesTheWriteWholeAndServesTheNext) {
#ifdef TRIGGERS_SANITIZE
  GTEST_SKIP() << "the sanitizer has its own allocator, and RocksDB is left open";
#endif
  std::size_t stored = 0, refused = 0, latched = 0;
  for (long allocations = 0; allocations < 100; ++allocations) {
    ASSERT_NO_FATAL_FAILURE(fail_after(allocations));
    Draft keyed = numbered(1'000 + static_cast<std::size_t>(allocations));
    keyed.idempotency_key = "key " + std::to_string(allocations);
    const auto answer = append(tenant, keyed);
    stored += answer ? 1 : 0;
    refused += answer ? 0 : 1;
    if (!store->health().writable) {
      // In the write itself: how much of it is in the log is unknown.
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
      ++latched;
      store.reset();
      reopen_as_after_a_kill();
    }
    const auto again = append(tenant, keyed);
    ASSERT_TRUE(again) << allocations;
    if (answer) {
      EXPECT_EQ(again->id, answer->id);
    }
    ASSERT_EQ(unacknowledged(), static_cast<std::size_t>(allocations) + 1);
  }
  std::cout << stored << " stored, " << refused << " refused, of them " << latched << " in doubt\n";
  EXPECT_GT(stored, 0U);
  EXPECT_GT(refused, 5U);
}

TEST_F(OutOfMemory, UndoesALeaseThatItRefuses) {
#ifdef TRIGGERS_SANITIZE
  GTEST_SKIP() << "the sanitizer has its own allocator, and RocksDB is left open";
#endif
  const InboxName name;
  for (std::size_t i = 0; i < 400; ++i) ASSERT_TRUE(append(tenant, numbered(10'000 + i)));
  std::size_t leased = 0, acknowledged = 0, refused = 0;
  const auto expect_counts = [&](long allocations) {
    const auto counts = sync_wait(store->inbox(tenant, name)).value().counts;
    EXPECT_EQ(counts.leased, leased) << allocations;
    EXPECT_EQ(counts.undelivered(), 400 - acknowledged) << allocations;
    EXPECT_EQ(unacknowledged(), 400 - acknowledged) << allocations;
  };
  for (long allocations = 0; allocations < 120 && !HasFailure(); ++allocations) {
    ASSERT_NO_FATAL_FAILURE(fail_after(allocations));
    const auto lease = sync_wait(store->lease(tenant, LeaseRequest{.limit = 2, .duration = std::chrono::hours(1)}));
    refused += lease ? 0 : 1;
    if (!store->health().writable) {
      // In the write itself: how much of it is in the log is unknown.
      store.reset();
      reopen_as_after_a_kill();
      leased = sync_wait(store->inbox(tenant, name)).value().counts.leased;
    } else if (lease) {
      leased += lease->events.size();
    }
    expect_counts(allocations);
    if (!lease) continue;
    ASSERT_NO_FATAL_FAILURE(fail_after(allocations));
    const auto done = sync_wait(store->acknowledge(tenant, name, lease->lease, std::nullopt));
    refused += done ? 0 : 1;
    if (!store->health().writable) {
      store.reset();
      reopen_as_after_a_kill();
      const auto counts = sync_wait(store->inbox(tenant, name)).value().counts;
      leased = counts.leased;
      acknowledged = 400 - counts.undelivered();
    } else if (done) {
      leased -= done->size();
      acknowledged += done->size();
    }
    expect_counts(allocations);
  }
  std::cout << refused << " refused, " << acknowledged << " acknowledged\n";
  EXPECT_GT(acknowledged, 0U);
  EXPECT_GT(refused, 5U);
}

/// A commit that starts a job or does a part of it is undone as a whole, and the job goes on.
TEST_F(OutOfMemory, UndoesThePartOfAJobThatItRefuses) {
#ifdef TRIGGERS_SANITIZE
  GTEST_SKIP() << "the sanitizer has its own allocator, and RocksDB is left open";
#endif
  constexpr std::size_t events = 100;
  const InboxName crm = InboxName::parse("crm").value();
  ASSERT_TRUE(sync_wait(store->put_inbox(tenant, crm, {.collect = false}, std::nullopt)));
  for (std::size_t i = 0; i < events; ++i) ASSERT_TRUE(append(tenant, numbered(20'000 + i)));
  const auto undelivered = [&] { return sync_wait(store->inbox(tenant, crm)).value().counts.undelivered(); };
  std::size_t refused = 0, interrupted = 0, done = 0;
  const auto reopen_if_in_doubt = [&] {
    if (store->health().writable) return;
    store.reset();
    reopen_as_after_a_kill();
  };
  for (long allocations = 0; allocations < 150 && !HasFailure(); ++allocations) {
    ASSERT_NO_FATAL_FAILURE(fail_after(allocations));
    const auto job = sync_wait(store->replay(tenant, crm, {}));
    refused += job ? 0 : 1;
    ASSERT_NO_FATAL_FAILURE(reopen_if_in_doubt());
    if (job) {
      EXPECT_EQ(undelivered(), 0U);
      ASSERT_NO_FATAL_FAILURE(fail_after(allocations));
      interrupted += store->settle() ? 0 : 1;
      ASSERT_NO_FATAL_FAILURE(reopen_if_in_doubt());
      ASSERT_TRUE(store->settle());
      EXPECT_EQ(sync_wait(store->job(tenant, crm, job->id)).value()->done, events) << allocations;
      EXPECT_EQ(undelivered(), events) << allocations;
      ++done;
    }
    while (store->jobs().running > 0) ASSERT_TRUE(store->settle());  // Its start was in doubt.
    ASSERT_TRUE(sync_wait(store->purge(tenant, crm)));
    ASSERT_TRUE(store->settle());
    EXPECT_EQ(undelivered(), 0U) << allocations;
  }
  std::cout << refused << " refused, " << interrupted << " interrupted, " << done << " done\n";
  EXPECT_GT(refused, 5U);
  EXPECT_GT(interrupted, 20U);
  EXPECT_GT(done, 50U);
}

}  // namespace
}  // namespace triggers::store
