// Jobs of inboxes beside all else that changes the same entries: in one commit, and on many threads. Jobs by themselves
// are in jobs_test.cc.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "held_commit.h"
#include "jobs_fixture.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;

class JobsInOneCommit : public HeldCommit<JobsFixture> {
 protected:
  JobsInOneCommit() {
    config.on_commit = [this](const CommitStats&) { wait_if_held(); };
  }
  void SetUp() override { open(); }
  ~JobsInOneCommit() override { store.reset(); }
};

/// What the replay puts in is not in the database while the commit is built.
TEST_F(JobsInOneCommit, LeaseBehindAReplayMissesNothing) {
  put(crm, {.collect = false});
  const Ids early = fill(5);
  put(crm);
  const Ids later = fill(5);
  ASSERT_TRUE(start_replay(crm));
  hold_committer();
  Leased leased;
  queue([&] { EXPECT_TRUE(store->settle()); });
  queue([&] { leased = sync_wait(store->lease(tenant, LeaseRequest{.inbox = crm, .limit = 3})).value(); });
  run_commit();
  Ids got;
  for (const auto& event : leased.events) got.push_back(event.event.id);
  EXPECT_EQ(got, Ids(later.begin(), later.begin() + 3));
  EXPECT_EQ(counts(crm).available, 7U);
  Ids expected = early;
  expected.insert(expected.end(), later.begin() + 3, later.end());
  EXPECT_EQ(consume(crm), expected);
  reopen();
  EXPECT_EQ(counts(crm), (inbox::Counts{.leased = 3}));
}

TEST_F(JobsInOneCommit, EventThatIsSweptDoesNotComeBack) {
  config.event_ttl = 24h;
  reopen();
  const Ids ids = fill(3);
  acknowledge({ids[0], ids[1]});
  clock.advance(24h - 1ms);
  ASSERT_TRUE(start_replay());
  hold_committer();
  queue([&] { EXPECT_TRUE(store->settle()); });
  clock.advance(1ms);
  queue([&] { EXPECT_EQ(store->sweep(10).value(), 2U); });
  clock.advance(-1h);  // The replay would think that the event still has an hour.
  run_commit();
  EXPECT_EQ(inbox(), Ids{ids[2]});
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1}));
  EXPECT_EQ(store->damage().count(), 0U);
  EXPECT_EQ(on_disk(Family::events), 2U) << "one is the bystander's";
}

TEST_F(JobsInOneCommit, TwoInboxesGetOneEventBack) {
  put(crm, {.collect = false});
  const Ids ids = fill(2);
  acknowledge(ids);
  const Job first = start_replay().value();
  const Job second = start_replay(crm).value();
  // Both turns of this tenant are of one round of the runner, so they are committed one after the other.
  EXPECT_EQ(ended(first).done, 2U);
  EXPECT_EQ(show(second, crm)->done, 2U);
  clock.advance(24h * 40);
  EXPECT_EQ(store->sweep(10).value(), 0U);
  consume();
  EXPECT_EQ(consume(crm), ids);
  EXPECT_EQ(on_disk(Family::expiry), 2U);
}

class JobRaces : public JobsFixture {};

/// A start counts what is there.
TEST_F(JobRaces, LoseNothingBesideConsumersAndSweeps) {
  config.event_ttl = 24h;
  config.background = true;
  open();
  put(all, {.max_attempts = std::nullopt});
  put(crm, {.max_attempts = std::nullopt});
  std::atomic<bool> stopped{false};
  std::atomic<std::size_t> sent{0}, jobs{0}, consumed{0};
  {
    std::vector<std::jthread> threads;
    const auto repeat = [&](auto work) {
      threads.emplace_back([&stopped, work] {
        while (!stopped) work();
      });
    };
    repeat([&] {
      const Draft draft = numbered(sent++);
      EXPECT_TRUE(sync_wait(store->append(tenant, draft.append())));
      clock.advance(10min);
    });
    for (const InboxName& name : {all, crm}) {
      repeat([&, name] {
        const auto leased = sync_wait(store->lease(tenant, LeaseRequest{.inbox = name, .limit = 7}));
        ASSERT_TRUE(leased);
        if (leased->events.empty()) return;
        EXPECT_TRUE(sync_wait(store->acknowledge(tenant, name, leased->lease, std::nullopt)));
        consumed += leased->events.size();
      });
      repeat([&, name] {
        const bool purges = ++jobs % 4 == 0;
        const auto job = purges ? start_purge(name) : start_replay(name);
        if (!job) {
          EXPECT_EQ(job.error().code, ErrorCode::conflict);
          return;
        }
        for (auto shown = show(*job, name); !stopped && shown && shown->state == Job::State::running;) {
          std::this_thread::yield();
          shown = show(*job, name);
        }
      });
    }
    while (sent < 1'500 || jobs < 60 || consumed < 1'000) std::this_thread::yield();
    stopped = true;
  }
  while (store->jobs().running > 0) std::this_thread::yield();
  EXPECT_EQ(store->damage().count(), 0U);
  EXPECT_EQ(store->jobs().failed, 0U);
  config.background = false;
  reopen();
  EXPECT_EQ(store->damage().count(), 0U);
  // Each entry has its event, and each event that no inbox holds goes.
  ended(start_purge().value());
  ended(start_purge(crm).value(), crm);
  clock.advance(24h * 365);
  ASSERT_TRUE(append(numbered(100'000)));  // Retention believes the clock once it has seen a newer event.
  clock.advance(24h * 2);
  reopen();
  while (store->sweep(1'000).value() > 0) {
  }
  EXPECT_EQ(store->damage().count(), 0U);
  EXPECT_EQ(on_disk(Family::events), 1U);
  EXPECT_EQ(on_disk(Family::holders), 1U);
  EXPECT_EQ(on_disk(Family::expiry), 0U);
}

}  // namespace
}  // namespace triggers::store
