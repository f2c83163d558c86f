// Threads that add, take, look, leave and cancel at once: nothing that becomes available stays there while a taker
// waits. A lost wake lets the test hang. The rules are tested one by one in waiters_test.cc.

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <random>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/test_at_once.h"
#include "base/yield.h"
#include "store/waiters.h"

namespace triggers::store {
namespace {

using Reason = Cancellation::Reason;

/// The engine's side: an inbox that is only a number.
class CountedInbox {
 public:
  explicit CountedInbox(Waiters& all) : waiters(all) {}

  void add(std::size_t entries) {
    const MutexLock lock(mutex_);
    available_ += entries;
    waiters.became_available(available_);
  }
  std::size_t take(std::size_t limit) {
    const MutexLock lock(mutex_);
    const std::size_t taken = std::min(limit, available_);
    available_ -= taken;
    if (taken > 0) waiters.now_available(available_);
    return taken;
  }

  bool empty() {
    const MutexLock lock(mutex_);
    return available_ == 0;
  }

  InboxWaiters waiters;

 private:
  Mutex mutex_;
  std::size_t available_ GUARDED_BY(mutex_) = 0;
};

struct Counts {
  std::atomic<std::size_t> taken = 0, looks = 0, fruitless = 0, left = 0;
};

class Stress : public testing::Test {
 protected:
  static constexpr std::size_t entries = 20'000;
  static constexpr std::size_t inbox_count = 3;

  Stress() {
    for (std::size_t i = 0; i < inbox_count; ++i) inboxes_.emplace_back(all_);
    RecordProperty("seed", std::to_string(seed_));
  }

  bool done() const { return counts_.taken == entries * inbox_count; }

  /// Takes until all has been taken. Sometimes it leaves although it was woken, and comes again.
  Task<void> take(CountedInbox& inbox, Cancellation& at_end, std::uint64_t seed) {
    std::minstd_rand random(static_cast<unsigned>(seed));
    while (!at_end.cancelled()) {
      const std::size_t limit = 1 + random() % 7;
      Waiter waiter(all_, inbox.waiters, "a", Waiter::taker(limit));
      for (bool stays = true; stays;) {
        const auto version = inbox.waiters.version();
        if (const std::size_t got = inbox.take(limit); got > 0) {
          waiter.served();
          counts_.taken += got;
          break;
        }
        const auto woken = co_await waiter.wait(version, at_end);
        EXPECT_TRUE(woken.ok());
        if (!woken.ok() || *woken != Wake::event) co_return;
        ++counts_.fruitless;
        if (random() % 4 == 0) {
          ++counts_.left;
          stays = false;
        }
      }
    }
  }

  /// A client that gives up, now and then after it was woken.
  Task<void> give_up(CountedInbox& inbox, Cancellation& at_end) {
    while (!at_end.cancelled()) {
      Cancellation mine;
      bool ended = false;
      auto wait = [&]() -> Task<void> {
        Waiter waiter(all_, inbox.waiters, "b", Waiter::taker(3));
        (void)co_await waiter.wait(inbox.waiters.version(), mine);
        ended = true;
      };
      auto cancel = [&]() -> Task<void> {
        for (int i = 0; i < 3 && !ended; ++i) co_await yield();
        mine.cancel(Reason::gone);
      };
      std::vector<Task<void>> both;
      both.push_back(wait());
      both.push_back(cancel());
      Gather gather(std::move(both), 2);
      co_await gather;
      co_await yield();
    }
  }

  Task<void> look(CountedInbox& inbox, Cancellation& at_end) {
    Waiter waiter(all_, inbox.waiters, "c", Waiter::looker());
    for (;;) {
      const auto woken = co_await waiter.wait(inbox.waiters.version(), at_end);
      if (!woken.ok() || *woken != Wake::event) co_return;
      ++counts_.looks;
    }
  }

  /// One thread of readers. It ends them once all has been taken.
  void serve(std::uint64_t seed) {
    std::deque<Cancellation> at_end;
    constexpr std::size_t readers = 24;
    for (std::size_t i = 0; i < readers; ++i) at_end.emplace_back();
    at_once(readers + 1, [&](std::size_t i) -> Task<void> {
      if (i == readers) {
        while (!done()) co_await yield();
        for (auto& one : at_end) one.cancel(Reason::stopping);
        co_return;
      }
      CountedInbox& inbox = inboxes_[i % inbox_count];
      if (i % 8 == 6) co_await give_up(inbox, at_end[i]);
      if (i % 8 == 7) co_await look(inbox, at_end[i]);
      if (i % 8 < 6) co_await take(inbox, at_end[i], seed + i);
    });
  }

  void fill(CountedInbox& inbox, std::uint64_t seed) {
    std::minstd_rand random(static_cast<unsigned>(seed));
    for (std::size_t left = entries; left > 0;) {
      const std::size_t some = std::min<std::size_t>(left, 1 + random() % 20);
      inbox.add(some);
      left -= some;
      // So that the readers wait: each wake that is lost stops the test.
      while (random() % 8 > 0 && !inbox.empty()) std::this_thread::yield();
    }
  }

  const std::uint64_t seed_ = std::random_device{}();
  Waiters all_;
  std::deque<CountedInbox> inboxes_;
  Counts counts_;
};

TEST_F(Stress, EverythingIsTakenAndEveryWaitEnds) {
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < 3; ++i) threads.emplace_back([&, i] { serve(seed_ + 1000 * i); });
    for (std::uint64_t i = 0; i < inbox_count; ++i) threads.emplace_back([&, i] { fill(inboxes_[i], seed_ - i); });
  }
  EXPECT_EQ(counts_.taken, entries * inbox_count);
  EXPECT_EQ(all_.waiting(), 0U);
  EXPECT_GT(counts_.looks, 0U);
  std::printf("seed %llu: %zu wakes of takers, %zu left after one, %zu looks\n", static_cast<unsigned long long>(seed_),
              counts_.fruitless.load(), counts_.left.load(), counts_.looks.load());
}

/// With one taker, no later change can make up for a wake that is lost.
TEST_F(Stress, EachEntryWakesTheOnlyTaker) {
  constexpr std::size_t rounds = 50'000;
  CountedInbox& inbox = inboxes_.front();
  const std::jthread filler([&] {
    for (std::size_t i = 0; i < rounds; ++i) {
      inbox.add(1);
      while (!inbox.empty()) std::this_thread::yield();
    }
  });
  Cancellation never;
  at_once(1, [&](std::size_t) -> Task<void> {
    Waiter waiter(all_, inbox.waiters, "a", Waiter::taker(1));
    for (std::size_t taken = 0; taken < rounds;) {
      const auto version = inbox.waiters.version();
      if (const std::size_t got = inbox.take(1); got > 0) {
        waiter.served();
        taken += got;
        continue;
      }
      const auto woken = co_await waiter.wait(version, never);
      EXPECT_TRUE(woken.ok() && *woken == Wake::event);
    }
  });
}

}  // namespace
}  // namespace triggers::store
