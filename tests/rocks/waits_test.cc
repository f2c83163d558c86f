// Readers that wait, on the embedded engine with its committer: leases and delays end at their time, and no wake is
// lost. What wakes readers of every engine is in tests/contract/waiting_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "rocks_fixture.h"
#include "store/waiters.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// On the system's clock, and without a housekeeper: only the committer can end leases in time.
class Waits : public RocksFixture {
 protected:
  Waits() { config.clock = &Clock::system(); }

  void post(std::size_t number) { EXPECT_TRUE(append(numbered(number)).ok()); }
  Leased lease(std::size_t limit, std::chrono::seconds duration) {
    return sync_wait(store->lease(tenant, LeaseRequest{.limit = limit, .duration = duration})).value();
  }
  /// Waits until something becomes available.
  Task<Wake> wait(InboxName inbox = {}) {
    const auto arrivals = sync_wait(store->arrivals(tenant, inbox)).value();
    Waiter waiter(store->waiters(), *arrivals, tenant.id, Waiter::looker());
    const auto version = arrivals->version_for_lookers();
    Cancellation never;
    const auto woken = co_await waiter.wait(version, never);
    co_return woken.value();
  }
  /// How long after `due` a reader was woken that waits from now on.
  std::chrono::milliseconds lateness(UnixMillis due) {
    EXPECT_EQ(sync_wait(wait()), Wake::event);
    return Clock::system().now() - due;
  }
};

TEST_F(Waits, EndOfALeaseWakesWithin50Milliseconds) {
  open();
  post(1);
  // Once is enough: a slow machine makes it late, but nothing but the timer makes it so early.
  std::chrono::milliseconds best = 1h;
  for (int i = 0; i < 5 && best > 50ms; ++i) {
    const Leased leased = lease(1, 1s);
    ASSERT_EQ(leased.events.size(), 1U);
    const auto late = lateness(leased.until);
    EXPECT_GE(late, 0ms);
    best = std::min(best, late);
  }
  EXPECT_LE(best, 50ms);
}

TEST_F(Waits, EndOfADelayWakesWithin50Milliseconds) {
  open();
  post(1);
  std::chrono::milliseconds best = 1h;
  for (int i = 0; i < 5 && best > 50ms; ++i) {
    const Leased leased = lease(1, 60s);
    ASSERT_EQ(leased.events.size(), 1U);
    ASSERT_TRUE(sync_wait(store->release(tenant, InboxName(), leased.lease, std::nullopt, 1s, std::nullopt)));
    const auto due = Clock::system().now() + 1s;
    const auto late = lateness(due);
    EXPECT_GE(late, -20ms);
    best = std::min(best, late);
  }
  EXPECT_LE(best, 50ms);
}

TEST_F(Waits, LeaseThatEndsWhileNobodyWaitsIsLeftToOthers) {
  std::atomic<std::size_t> ended = 0;
  config.on_commit = [&](const CommitStats& stats) { ended += stats.ended; };
  open();
  post(1);
  EXPECT_EQ(lease(1, 1s).events.size(), 1U);
  // A reader that left has left nothing behind, also if the committer has asked meanwhile when the lease ends.
  EXPECT_NE(sync_wait(store->arrivals(tenant, InboxName())).value(), nullptr);
  {
    const auto left = sync_wait(store->arrivals(tenant, InboxName())).value();
    post(2);
    post(3);
  }
  const auto until = steady_clock::now() + 1500ms;
  while (steady_clock::now() < until) post(3);
  EXPECT_EQ(ended, 0U);
  // A reader that begins now has it ended. It may be so soon that a wait would miss it.
  const auto arrivals = sync_wait(store->arrivals(tenant, InboxName())).value();
  const auto deadline = steady_clock::now() + 20s;
  while (ended == 0 && steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(ended, 1U);
}

TEST_F(Waits, ManyInboxesEndAtOneTime) {
  constexpr std::size_t count = 90;
  open();
  std::vector<InboxName> names;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back(InboxName::parse("inbox-" + std::to_string(i)).value());
    ASSERT_TRUE(sync_wait(store->put_inbox(tenant, names.back(), {}, std::nullopt)).ok());
  }
  post(1);
  for (const auto& name : names) {
    ASSERT_TRUE(sync_wait(store->lease(tenant, LeaseRequest{.inbox = name, .duration = 1s})).ok());
  }
  std::vector<std::thread> readers;
  std::atomic<std::size_t> woken = 0;
  for (const auto& name : names) {
    readers.emplace_back([&] {
      if (sync_wait(wait(name)) == Wake::event) ++woken;
    });
  }
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(woken, count);
}

TEST_F(Waits, RemovedInboxWakesAReader) {
  open();
  const auto name = InboxName::parse("billing").value();
  ASSERT_TRUE(sync_wait(store->put_inbox(tenant, name, {}, std::nullopt)).ok());
  std::atomic<bool> woken = false;
  std::thread reader([&] { woken = sync_wait(wait(name)) == Wake::event; });
  while (store->waiters().waiting() == 0) std::this_thread::yield();
  EXPECT_TRUE(sync_wait(store->remove_inbox(tenant, name, std::nullopt)).value());
  reader.join();
  EXPECT_TRUE(woken);
}

TEST_F(Waits, StoreWithoutRoomTriesAgain) {
  use_failing_disk();
  open();
  post(1);
  const Leased leased = lease(1, 1s);
  std::atomic<bool> woken = false;
  std::thread reader([&] { woken = sync_wait(wait()) == Wake::event; });
  while (store->waiters().waiting() == 0) std::this_thread::yield();
  disk->set(testing_support::FailingFileSystem::Fault::full);
  // The commit that ends the lease fails.
  while (store->health().writable) std::this_thread::yield();
  EXPECT_FALSE(woken);
  disk->set(testing_support::FailingFileSystem::Fault::none);
  const auto deadline = steady_clock::now() + 20s;
  while (!woken && steady_clock::now() < deadline) {
    store->check_files();
    std::this_thread::yield();
  }
  EXPECT_TRUE(woken);
  reader.join();
}

TEST_F(Waits, NoWakeIsLostAmongManyConsumers) {
  constexpr std::size_t events = 3'000, consumers = 8, producers = 2;
  open();
  std::atomic<std::size_t> consumed = 0;
  const auto consume = [&]() -> Task<void> {
    while (consumed < events) {
      const auto arrivals = sync_wait(store->arrivals(tenant, InboxName())).value();
      Waiter waiter(store->waiters(), *arrivals, tenant.id, Waiter::taker(3));
      const auto version = arrivals->version();
      const LeaseRequest request{.limit = 3};
      const auto leased = co_await store->lease(tenant, request);
      if (!leased->events.empty()) {
        waiter.served();
        consumed += leased->events.size();
        const auto done = co_await store->acknowledge(tenant, InboxName(), leased->lease, std::nullopt);
        EXPECT_TRUE(done.ok());
        continue;
      }
      if (consumed >= events) co_return;
      Cancellation never;
      const auto woken = co_await waiter.wait(version, never);
      EXPECT_TRUE(woken.ok());
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < consumers; ++i) threads.emplace_back([&] { sync_wait(consume()); });
  for (std::size_t i = 0; i < producers; ++i) {
    threads.emplace_back([&, i] {
      for (std::size_t n = i; n < events; n += producers) EXPECT_TRUE(append(numbered(n)).ok());
    });
  }
  const auto deadline = steady_clock::now() + 120s;
  while (consumed < events && steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(consumed, events);
  store->waiters().stop();  // Those that wait for more.
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace triggers::store
