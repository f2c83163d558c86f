// Jobs of inboxes on the embedded engine: how they go on after a stop, how many run, and what they leave on the disk.
// What they race with is in job_races_test.cc; what every engine promises is in tests/contract/replay_purge_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <thread>

#include "jobs_fixture.h"
#include "store/rocks/format/holding.h"
#include "store/rocks/format/job_record.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::FailingFileSystem;

class Jobs : public JobsFixture {};

TEST_F(Jobs, PurgeLeavesWhatIsAcceptedAfterItsBegin) {
  open();
  fill(600);
  const Job job = start_purge().value();
  EXPECT_EQ(job.state, Job::State::running);
  EXPECT_EQ(show(job), job);
  const Ids later = fill(3);
  EXPECT_EQ(ended(job).done, 600U);
  EXPECT_EQ(inbox(), later);
  EXPECT_EQ(consume(), later);
}

TEST_F(Jobs, ReplayPutsNothingInThatIsAcceptedAfterItsBegin) {
  open();
  put(crm, {.collect = false});
  const Ids early = fill(3);
  const Job job = start_replay(crm, {.since = clock.now() - 1h, .until = clock.now() + 1h}).value();
  fill(3);
  EXPECT_EQ(ended(job, crm).done, 3U);
  EXPECT_EQ(consume(crm), early);
}

TEST_F(Jobs, ReplayWaitsForRoomInMemory) {
  config.tenant_limits.tracked_max = 300;
  open();
  const Ids ids = fill(700);
  acknowledge(ids);
  const Leased none = sync_wait(store->lease(tenant, LeaseRequest{})).value();
  EXPECT_TRUE(none.events.empty());
  // What the inbox has handed out or passed over is in memory when it comes back.
  const Ids newer = fill(1);
  EXPECT_EQ(consume(), newer);
  const Job job = start_replay().value();
  for (std::size_t done = 300; done < 701; done += 300) {
    EXPECT_FALSE(store->settle());
    EXPECT_EQ(show(job)->state, Job::State::running);
    EXPECT_EQ(show(job)->done, done);
    EXPECT_EQ(counts().available, 300U);
    if (done == 300) reopen();
    EXPECT_EQ(consume(), Ids(ids.begin() + static_cast<std::ptrdiff_t>(done - 300),
                             ids.begin() + static_cast<std::ptrdiff_t>(done)));
    reopen();  // The job need not rest.
  }
  EXPECT_EQ(ended(job).done, 701U);
  Ids rest(ids.begin() + 600, ids.end());
  rest.push_back(newer[0]);
  EXPECT_EQ(consume(), rest);
}

TEST_F(Jobs, ReplayIntoAnInboxThatLeasedNothingNeedsNoRoom) {
  config.tenant_limits.tracked_max = 2;
  open();
  put(crm, {.collect = false});
  const Ids ids = fill(5);
  ASSERT_EQ(sync_wait(store->lease(tenant, LeaseRequest{.limit = 5})).value().events.size(), 2U);
  EXPECT_EQ(ended(start_replay(crm).value(), crm).done, 5U);
  EXPECT_EQ(counts(crm).available, 5U);
}

TEST_F(Jobs, WriteThatFailsDoesNotEndAJobThatThenGoesOn) {
  use_failing_disk();
  std::atomic<std::size_t> commits{1'000};
  config.on_commit = [&](const CommitStats&) {
    if (++commits == 3) disk->set(FailingFileSystem::Fault::full);
  };
  open();
  const Ids ids = fill(700);
  for (const bool purges : {true, false}) {
    SCOPED_TRACE(purges);
    commits = 0;
    const Job job = purges ? start_purge().value() : start_replay().value();
    EXPECT_FALSE(store->settle());
    const Job half = show(job).value();
    EXPECT_EQ(half.state, Job::State::running);
    EXPECT_GT(half.done, 0U);
    EXPECT_LT(half.done, 700U);
    EXPECT_EQ(counts().available, purges ? 700 - half.done : half.done);
    disk->set(FailingFileSystem::Fault::none);
    reopen();
    EXPECT_EQ(show(job), half);
    EXPECT_EQ(ended(job).done, 700U);
    EXPECT_EQ(show(job)->ended_at, clock.now());
    EXPECT_EQ(inbox(), purges ? Ids{} : ids);
    disk->set(FailingFileSystem::Fault::none);
  }
  EXPECT_EQ(consume(), ids);
  store.reset();  // A commit may be observed after its waiters were woken.
}

TEST_F(Jobs, ThreadOfTheStoreRunsThemAlsoAfterAStart) {
  open();
  put(crm, {.collect = false});
  fill(300);
  const Job job = start_replay(crm).value();
  config.background = true;
  reopen();
  while (store->jobs().done == 0) std::this_thread::yield();
  EXPECT_EQ(show(job, crm)->state, Job::State::done);
  EXPECT_EQ(show(job, crm)->done, 300U);
  EXPECT_EQ(store->jobs().running, 0U);
  const Job next = start_purge(crm).value();
  while (show(next, crm)->state == Job::State::running) std::this_thread::yield();
  EXPECT_EQ(counts(crm), inbox::Counts{});
}

/// Ids of jobs say which is the newest, also if no time passes.
TEST_F(Jobs, AreInTheirOrderAcrossStarts) {
  open();
  fill(1);
  Uuid7 last;
  for (int i = 0; i < 12; ++i) {
    const Job job = start_replay().value();
    EXPECT_GT(job.id, last);
    last = job.id;
    EXPECT_EQ(ended(job).state, Job::State::done);
    reopen();
  }
}

TEST_F(Jobs, OneRunsInAnInboxAndTenInTheInboxesOfATenant) {
  open();
  for (std::size_t i = 0; i < 10; ++i) put(named("inbox-" + std::to_string(i)));
  const Job first = start_purge().value();
  EXPECT_EQ(start_replay().error().code, ErrorCode::conflict);
  for (std::size_t i = 0; i < 9; ++i) ASSERT_TRUE(start_purge(named("inbox-" + std::to_string(i))));
  const auto refused = start_purge(named("inbox-9"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::share_used);
  EXPECT_THAT(refused.error().message, HasSubstr("10 inboxes"));
  EXPECT_TRUE(sync_wait(store->purge(Tenant{"zeta"}, {})));
  EXPECT_EQ(store->jobs().running, 11U);
  ended(first);
  EXPECT_TRUE(start_purge(named("inbox-9")));
  EXPECT_TRUE(start_replay());
}

TEST_F(Jobs, ThousandRunAtOnce) {
  open();
  for (std::size_t i = 0; i < 1'000; ++i) ASSERT_TRUE(sync_wait(store->purge({"tenant-" + std::to_string(i)}, {})));
  EXPECT_EQ(start_purge().error().code, ErrorCode::overloaded);
  ASSERT_TRUE(store->settle());
  EXPECT_EQ(store->jobs().done, 1'000U);
  EXPECT_TRUE(start_purge());
}

TEST_F(Jobs, TenantsTakeTurnsHoweverManyJobsOneHas) {
  const Tenant small{"zeta"};
  Job small_job;
  std::optional<std::uint64_t> done_before;
  std::vector<Job> large_jobs;
  std::atomic<bool> watches{false};
  config.on_commit = [&](const CommitStats&) {
    if (done_before || !watches) return;
    const auto shown = sync_wait(store->job(small, {}, small_job.id)).value();
    if (!shown || shown->state == Job::State::running) return;
    done_before = show(large_jobs[0])->done + show(large_jobs[1], crm)->done;
  };
  open();
  put(crm);
  fill(1'500);
  for (std::size_t i = 0; i < 600; ++i) {
    const Draft draft = numbered(i);
    ASSERT_TRUE(sync_wait(store->append(small, draft.append())));
  }
  large_jobs = {start_purge().value(), start_purge(crm).value()};
  small_job = sync_wait(store->purge(small, {})).value();
  watches = true;
  ASSERT_TRUE(store->settle());
  ASSERT_TRUE(done_before);
  // 600 entries are three turns of 256.
  EXPECT_GE(*done_before, 2U * 256U);
  EXPECT_LE(*done_before, 3U * 256U);
  EXPECT_EQ(show(large_jobs[0])->done, 1'500U);
  EXPECT_EQ(show(large_jobs[1], crm)->done, 1'500U);
  store.reset();  // A commit may be observed after its waiters were woken.
}

TEST_F(Jobs, EndWithTheirInboxAndLeaveNothing) {
  open();
  put(crm);
  fill(300);
  for (int i = 0; i < 3; ++i) ended(start_replay(crm).value(), crm);
  const Job job = start_purge(crm).value();
  ASSERT_TRUE(sync_wait(store->remove_inbox(tenant, crm, std::nullopt)));
  EXPECT_EQ(store->jobs().running, 0U);
  put(crm);
  EXPECT_FALSE(show(job, crm));
  EXPECT_TRUE(start_purge(crm));
  EXPECT_EQ(on_disk(Family::meta, "job/"), 5U);
  open();
  EXPECT_EQ(store->jobs().running, 1U) << "a start does not take up the job of a removed inbox";
  ASSERT_TRUE(store->settle());
  EXPECT_EQ(on_disk(Family::meta, "job/"), 1U);
}

TEST_F(Jobs, OldOnesLeaveTheDisk) {
  open();
  fill(2);
  for (int i = 0; i < 15; ++i) ended(start_replay().value());
  EXPECT_EQ(on_disk(Family::meta, "job/"), jobs_per_inbox_max);
  open();
  clock.advance(24h - 1ms);
  ASSERT_TRUE(store->settle());
  EXPECT_EQ(on_disk(Family::meta, "job/"), jobs_per_inbox_max);
  open();
  clock.advance(1ms);
  ASSERT_TRUE(store->settle());
  EXPECT_EQ(on_disk(Family::meta, "job/"), 0U);
}

TEST_F(Jobs, OneThatCannotBeReadIsDamageAndTheStoreOpens) {
  open();
  fill(2);
  const Job job = start_purge().value();
  const std::string key = layout::job_key(tenant.id, "default", job.id);
  const std::string lost = layout::job_key(tenant.id, layout::inbox_place(77), job.id);
  edit([&](Database& database, rocksdb::WriteBatch& batch) {
    batch.Put(database.family(Family::meta), key, R"({"v":9})");
    batch.Put(database.family(Family::meta), lost, encode_job({.job = job}));
  });
  open();
  EXPECT_EQ(store->damage().count(), 2U);
  EXPECT_EQ(store->jobs().running, 0U);
  EXPECT_FALSE(show(job));
  EXPECT_EQ(ended(start_purge().value()).done, 2U);
}

/// In an inbox with an index, and in one without. What is there of it is checked by a start.
TEST_F(Jobs, EntriesThatCameBackAreLeasedInTheirOrderAndOutliveARestart) {
  open();
  put(crm);
  const Ids ids = fill(40);
  consume(crm);
  ASSERT_EQ(ended(start_replay(crm).value(), crm).done, 40U);
  const Ids later = fill(5);
  for (int round = 0; round < 2; ++round) {
    reopen();
    EXPECT_EQ(counts(crm).available, 45U);
  }
  Ids expected = ids;
  expected.insert(expected.end(), later.begin(), later.end());
  EXPECT_EQ(consume(crm), expected);
  // Nothing has a record now, so that a start makes no index.
  reopen();
  ASSERT_EQ(ended(start_replay(crm).value(), crm).done, 45U);
  reopen();
  EXPECT_EQ(consume(crm), expected);
}

TEST_F(Jobs, EventIsFreedOnceHoweverOftenItComesBackInAMillisecond) {
  open();
  put(crm);
  const Ids ids = fill(3);
  consume(crm);
  for (int round = 0; round < 5; ++round) {
    consume();
    ASSERT_EQ(ended(start_replay().value()).done, 3U);
    if (round == 2) reopen();
    ASSERT_EQ(ended(start_replay(crm).value(), crm).done, 3U);
    consume(crm);
  }
  consume();
  edit([](Database& database, rocksdb::WriteBatch&) {
    for (const Family family : {Family::expiry, Family::pending, Family::acknowledged, Family::events}) {
      ASSERT_TRUE(database.db().Flush({}, database.family(family)).ok());
      ASSERT_TRUE(database.db().CompactRange({}, database.family(family), nullptr, nullptr).ok());
    }
  });
  EXPECT_EQ(on_disk(Family::expiry), 3U);
  open();
  EXPECT_EQ(store->sweep(100).value(), 0U);  // Retention believes a clock that it has read before.
  clock.advance(24h * 30 - 1ms);
  EXPECT_EQ(store->sweep(100).value(), 0U);
  clock.advance(1ms);
  EXPECT_EQ(store->sweep(100).value(), 3U);
  EXPECT_EQ(store->damage().count(), 0U);
  for (const Family family :
       {Family::expiry, Family::pending, Family::acknowledged, Family::events, Family::holders, Family::entries}) {
    EXPECT_EQ(on_disk(family), 0U) << static_cast<int>(family);
  }
}

TEST_F(Jobs, HoldersCountEveryInboxThatAnEventComesBackInto) {
  open();
  put(crm, {.collect = false});
  const Ids ids = fill(2);
  acknowledge({ids[0]});
  const auto expect_holding = [&](std::size_t event, std::optional<std::uint64_t> count) {
    edit([&](Database& database, rocksdb::WriteBatch&) {
      rocksdb::PinnableSlice value;
      const bool found = database.get(Family::holders, layout::event_key(tenant.id, ids[event]), value).value();
      ASSERT_EQ(found, count.has_value());
      if (!found) return;
      const auto holding = decode_holding({value.data(), value.size()});
      ASSERT_TRUE(holding);
      EXPECT_EQ(holding->count, *count);
    });
    open();
  };
  expect_holding(0, std::nullopt);
  EXPECT_EQ(ended(start_replay(crm).value(), crm).done, 2U);
  expect_holding(0, 1);  // `default` has lost it.
  expect_holding(1, 2);
  EXPECT_EQ(ended(start_replay().value()).done, 1U);
  expect_holding(0, 2);
  EXPECT_EQ(ended(start_purge(crm).value(), crm).done, 2U);
  expect_holding(0, 1);
  EXPECT_EQ(ended(start_purge().value()).done, 2U);
  expect_holding(0, 0);
  expect_holding(1, 0);
  EXPECT_FALSE(sync_wait(store->get(tenant, ids[0])).value()->acknowledged_at);
  EXPECT_EQ(on_disk(Family::expiry), 2U);
}

TEST_F(Jobs, PurgeMovesTheHeadSoThatWhatFollowsIsCheap) {
  std::atomic<std::size_t> commits{0};
  config.on_commit = [&](const CommitStats&) { ++commits; };
  open();
  fill(9'000);
  ended(start_purge().value());
  const Ids later = fill(1);
  const std::size_t before = commits;
  const auto leased = sync_wait(store->lease(tenant, LeaseRequest{.limit = 1})).value();
  ASSERT_EQ(leased.events.size(), 1U);
  EXPECT_EQ(leased.events[0].event.id, later[0]);
  // A lease steps over 2,000 marks in a commit. One commit may be observed late.
  EXPECT_LE(commits - before, 2U);
  store.reset();  // A commit may be observed after its waiters were woken.
}

}  // namespace
}  // namespace triggers::store
