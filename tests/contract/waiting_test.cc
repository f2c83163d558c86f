// Waiting on every engine that keeps inboxes: everything that makes an entry available wakes readers, and nothing else
// does. What waiting does without an engine is tested in store/waiters_test.cc.

#include <optional>
#include <vector>

#include "base/sync_wait.h"
#include "contract/inbox_verbs.h"
#include "store/test_waiting_reader.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;

/// Readers whose every step the test takes. An engine wakes them before it answers the call that woke them, so a test
/// needs no lock.
class WaitingContract : public InboxVerbs {
 protected:
  /// A reader with its hold on the inbox.
  class Reader {
   public:
    Reader(SteppedExecutor& executor, EntryArrivals& store, const Tenant& tenant, const InboxName& name,
           Waiter::Kind kind)
        : arrivals_(sync_wait(store.arrivals(tenant, name)).value()),
          reader_(executor, store.waiters(), *arrivals_, tenant.id, kind) {}

    WaitingReader* operator->() { return &reader_; }
    [[nodiscard]] std::uint64_t version() const { return arrivals_->version(); }

   private:
    std::shared_ptr<InboxWaiters> arrivals_;
    WaitingReader reader_;
  };

  Reader looker(const InboxName& name = {}) { return looker(tenant, name); }
  Reader looker(const Tenant& of, const InboxName& name) { return {executor_, inboxes(), of, name, Waiter::looker()}; }
  Reader taker(std::size_t limit = 1) { return {executor_, inboxes(), tenant, {}, Waiter::taker(limit)}; }

  /// A looker and a taker wait, and `change` wakes both.
  template <class Change>
  void expect_wakes(Change change) {
    Reader looking = looker();
    Reader taking = taker();
    looking->wait();
    taking->wait();
    EXPECT_TRUE(looking->waits());
    EXPECT_TRUE(taking->waits());
    change();
    EXPECT_TRUE(looking->woken());
    EXPECT_TRUE(taking->woken());
  }
  template <class Change>
  void expect_wakes_nobody(Change change) {
    Reader looking = looker();
    Reader taking = taker();
    looking->wait();
    taking->wait();
    change();
    EXPECT_TRUE(looking->waits());
    EXPECT_TRUE(taking->waits());
    looking->cancel(Cancellation::Reason::timeout);
    taking->cancel(Cancellation::Reason::timeout);
    EXPECT_TRUE(looking->woken(Wake::timeout));
    EXPECT_TRUE(taking->woken(Wake::timeout));
  }
  /// Makes `max_attempts` 1, so that a lease that ends kills.
  void let_die_at_once() {
    inbox::Settings settings;
    settings.max_attempts = 1;
    put({}, settings);
  }

 private:
  SteppedExecutor executor_;
};
INSTANTIATE_TEST_SUITE_P(Engines, WaitingContract, testing::Values(engine_under_test()),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(WaitingContract, AcceptedEventWakes) {
  expect_wakes([this] { append(numbered(1)); });
}

TEST_P(WaitingContract, AcceptedBatchWakes) {
  expect_wakes([this] { append_batch({numbered(1), numbered(2)}); });
}

TEST_P(WaitingContract, EventThatIsAcceptedAfterALeaseWakes) {
  fill(1);
  const Leased leased = lease(1);
  expect_wakes([this] { append(numbered(5)); });
}

TEST_P(WaitingContract, ReleaseWakes) {
  fill(1);
  const Leased leased = lease(1);
  expect_wakes([&] { release(leased); });
}

TEST_P(WaitingContract, EndOfALeaseWakes) {
  fill(1);
  const Leased leased = lease(1);
  expect_wakes([this] { pass(31s); });
}

TEST_P(WaitingContract, EndOfADelayWakes) {
  fill(1);
  release(lease(1), 60s);
  expect_wakes([this] { pass(61s); });
}

TEST_P(WaitingContract, RequeueWakes) {
  let_die_at_once();
  const auto ids = fill(1);
  release(lease(1));
  ASSERT_EQ(counts().dead, 1U);
  expect_wakes([&] { requeue(ids); });
}

TEST_P(WaitingContract, RequeueOfAllWakes) {
  let_die_at_once();
  fill(2);
  release(lease(2));
  expect_wakes([this] { requeue_all(); });
}

TEST_P(WaitingContract, ReplayWakes) {
  acknowledge(fill(1));
  expect_wakes([this] { replay({.since = clock.now() - 1h, .until = clock.now() + 1h}); });
}

TEST_P(WaitingContract, WhatMakesNothingAvailableWakesNobody) {
  let_die_at_once();
  const auto ids = fill(5);
  const Leased first = lease(1), second = lease(1), third = lease(1), fourth = lease(1), fifth = lease(1);
  expect_wakes_nobody([&] {
    release(first, 60s);
    extend(second, 600s);
    acknowledge_by(third);
    acknowledge(ids[3]);
    release(fifth);
    discard({ids[4]});
    append(Tenant{"other"}, numbered(1));
    put(named("other"));
  });
}

TEST_P(WaitingContract, DuplicateWakesNobody) {
  append(numbered(1));
  lease(1);
  expect_wakes_nobody([this] { append(numbered(1)); });
}

TEST_P(WaitingContract, OnlyTheInboxesThatTakeTheEventAreWoken) {
  inbox::Settings settings;
  settings.filter = R"({"event_type":["b"]})";
  put(named("billing"), settings);
  Reader billing = looker(named("billing"));
  Reader other = looker();
  billing->wait();
  other->wait();
  append({.event_type = "a"});
  EXPECT_TRUE(other->woken());
  EXPECT_TRUE(billing->waits());
  append({.event_type = "b"});
  EXPECT_TRUE(billing->woken());
}

TEST_P(WaitingContract, ChangeBetweenTheLookAndTheWaitIsNotMissed) {
  Reader reader = looker();
  const auto version = reader.version();
  append(numbered(1));
  reader->wait(version);
  EXPECT_TRUE(reader->woken());
}

TEST_P(WaitingContract, OneEntryWakesOneTaker) {
  Reader first = taker(), second = taker();
  first->wait();
  second->wait();
  append(numbered(1));
  EXPECT_TRUE(first->woken());
  EXPECT_TRUE(second->waits());
  lease(1);
  first->served();
  EXPECT_TRUE(second->waits());
  append(numbered(2));
  EXPECT_TRUE(second->woken());
}

TEST_P(WaitingContract, TakerThatLeavesUnservedPassesItsWakeOn) {
  Reader first = taker(), second = taker();
  first->wait();
  second->wait();
  append(numbered(1));
  EXPECT_TRUE(first->woken());
  first->leave();
  EXPECT_TRUE(second->woken());
}

TEST_P(WaitingContract, RemovalOfTheInboxWakesItsReaders) {
  put(named("billing"));
  Reader reader = looker(named("billing"));
  reader->wait();
  EXPECT_TRUE(remove(named("billing")));
  EXPECT_TRUE(reader->woken());
  EXPECT_EQ(sync_wait(inboxes().arrivals(tenant, named("billing"))).value(), nullptr);
  // A reader that did not look yet is told the same.
  reader->wait();
  EXPECT_TRUE(reader->woken());
}

TEST_P(WaitingContract, InboxThatIsMadeAgainWakesItsOwnReaders) {
  put(named("billing"));
  Reader old = looker(named("billing"));
  EXPECT_TRUE(remove(named("billing")));
  put(named("billing"));
  Reader reader = looker(named("billing"));
  reader->wait();
  EXPECT_TRUE(reader->waits());
  append(numbered(1));
  EXPECT_TRUE(reader->woken());
}

TEST_P(WaitingContract, NoInboxHasNoArrivals) {
  EXPECT_EQ(sync_wait(inboxes().arrivals(tenant, named("billing"))).value(), nullptr);
}

TEST_P(WaitingContract, PlacesAreBounded) {
  options.waiters_max = 1;
  Reader first = looker(), second = looker(Tenant{"other"}, {});
  first->wait();
  EXPECT_TRUE(first->waits());
  second->wait();
  EXPECT_TRUE(second->refused(ErrorCode::overloaded));
  EXPECT_EQ(inboxes().waiters().waiting(), 1U);
  first->cancel(Cancellation::Reason::gone);
  EXPECT_TRUE(first->woken(Wake::gone));
  first->leave();
  second->wait();
  EXPECT_TRUE(second->waits());
  second->cancel(Cancellation::Reason::gone);
  EXPECT_TRUE(second->woken(Wake::gone));
}

}  // namespace
}  // namespace triggers::store::contract
