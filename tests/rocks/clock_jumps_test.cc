// Jumps of the clock under the embedded engine: nothing expires early, no event becomes a duplicate of an old one, and
// ids never decrease.

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "base/proven_time.h"
#include "base/sync_wait.h"
#include "store/rocks/rocks_store.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds year = 24h * 366;

class ClockJumps : public testing::Test {
 protected:
  ClockJumps() {
    config_.data_dir = directory_ / "data";
    config_.memory_bytes = 32 * 1024 * 1024;
    config_.background = false;
    config_.clock = &clock_;
    reopen();
  }
  void reopen() {
    store_.reset();
    store_ = RocksStore::open(config_).value();
  }

  Appended append(const Draft& draft) { return sync_wait(store_->append(tenant_, draft.append())).value(); }
  EventId acknowledged(std::size_t number) {
    const EventId id = append(numbered(number)).id;
    EXPECT_EQ(sync_wait(store_->acknowledge(tenant_, {id})).value(), std::vector{AckStatus::acknowledged});
    return id;
  }
  bool is_there(EventId id) { return sync_wait(store_->get(tenant_, id)).value().has_value(); }
  std::size_t sweep() { return store_->sweep(1000).value(); }

  testing_support::ScratchDirectory directory_;
  ManualClock clock_;
  const Tenant tenant_{"acme"};
  RocksConfig config_;
  std::unique_ptr<RocksStore> store_;
};

TEST_F(ClockJumps, ForwardAndBackNothingExpires) {
  const EventId id = acknowledged(1);
  EXPECT_EQ(sweep(), 0U);
  clock_.jump(year);
  EXPECT_EQ(sweep(), 0U);
  EXPECT_TRUE(is_there(id));
  clock_.advance(ProvenTime::proof - 1s);
  EXPECT_EQ(sweep(), 0U);
  clock_.jump(-year);
  clock_.advance(48h);
  EXPECT_EQ(sweep(), 0U);
  EXPECT_TRUE(is_there(id));
}

TEST_F(ClockJumps, WhatHasExpiredByAClockThatIsProvenGoes) {
  const EventId id = acknowledged(1);
  EXPECT_EQ(sweep(), 0U);
  clock_.jump(year);
  EXPECT_EQ(sweep(), 0U);
  clock_.advance(ProvenTime::proof);
  EXPECT_EQ(sweep(), 1U);
  EXPECT_FALSE(is_there(id));
}

TEST_F(ClockJumps, AStartUnderAClockThatIsFarAheadDeletesNothing) {
  const EventId id = acknowledged(1);
  clock_.jump(year);
  reopen();
  EXPECT_EQ(sweep(), 0U);
  EXPECT_TRUE(is_there(id));
  clock_.jump(-year);
  reopen();
  EXPECT_EQ(sweep(), 0U);
  EXPECT_TRUE(is_there(id));
}

TEST_F(ClockJumps, AStoreThatWasIdleExpiresADayAfterItsStart) {
  acknowledged(1);
  store_.reset();
  clock_.advance(year);
  reopen();
  EXPECT_EQ(sweep(), 0U);
  clock_.advance(ProvenTime::proof);
  EXPECT_EQ(sweep(), 1U);
}

/// The ids of the time ahead stay the newest for a year: windows are counted from ids all the same.
TEST_F(ClockJumps, AfterAJumpBackAnEqualEventIsADuplicateForTheWindowAndNotForever) {
  clock_.jump(year);
  const Appended first = append(numbered(1));
  clock_.jump(-year);
  for (const bool restarted : {false, true}) {
    if (restarted) reopen();
    const Appended before = append(numbered(2 + static_cast<std::size_t>(restarted)));
    EXPECT_GT(before.id, first.id);
    clock_.advance(config_.dedup_window * 9 / 10);
    EXPECT_EQ(append(numbered(2 + static_cast<std::size_t>(restarted))).outcome, Appended::Outcome::duplicate);
    clock_.advance(config_.dedup_window / 4);
    const Appended again = append(numbered(2 + static_cast<std::size_t>(restarted)));
    EXPECT_EQ(again.outcome, Appended::Outcome::accepted);
    EXPECT_GT(again.id, before.id);
  }
  EXPECT_GT(store_->ids_ahead(), year - 1h);
}

TEST_F(ClockJumps, AfterAJumpBackAnIdempotencyKeyIsRememberedForItsWindow) {
  clock_.jump(year);
  append(numbered(1));
  clock_.jump(-year);
  Draft keyed = numbered(2);
  keyed.idempotency_key = "k";
  const Appended first = append(keyed);
  clock_.advance(config_.idempotency_window - 1s);
  EXPECT_EQ(append(keyed).id, first.id);
  clock_.advance(config_.idempotency_window / 8 + 2s);
  EXPECT_EQ(append(keyed).outcome, Appended::Outcome::accepted);
}

TEST_F(ClockJumps, IdsCatchUpWithTheClock) {
  clock_.jump(1h);
  append(numbered(1));
  clock_.jump(-1h);
  EXPECT_GT(store_->ids_ahead(), 59min);
  clock_.advance(11h);
  EXPECT_EQ(append(numbered(2)).id.time(), clock_.now());
  EXPECT_EQ(store_->ids_ahead(), 0ms);
}

}  // namespace
}  // namespace triggers::store
