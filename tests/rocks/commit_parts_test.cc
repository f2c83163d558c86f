// A batch that is larger than one commit. The queue alone is in src/store/rocks/commit/commit_queue_test.cc.

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <semaphore>
#include <set>
#include <thread>

#include "base/manual_clock.h"
#include "base/sync_wait.h"
#include "base/yield.h"
#include "store/rocks/rocks_store.h"
#include "support/draft.h"
#include "support/failing_file_system.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

using testing_support::FailingFileSystem;

constexpr std::size_t batch_events = 1000;

class CommitParts : public testing::Test {
 protected:
  CommitParts() {
    config.data_dir = directory / "data";
    config.memory_bytes = 32 * 1024 * 1024;
    config.background = false;
    config.clock = &clock;
    config.env = env.get();
    config.commit.lone_after = std::chrono::hours{100'000};
    config.on_commit = [this](const CommitStats& stats) {
      most_events = std::max(most_events, stats.accepted + stats.acknowledged);
      if (const std::size_t number = ++commits; on_commit) on_commit(number);
    };
    store = RocksStore::open(config).value();
  }

  std::vector<Result<Appended>> append_batch(const Tenant& tenant) {
    for (std::size_t i = 0; i < batch_events; ++i) drafts.push_back(numbered(i));
    std::vector<IncomingEvent> events;
    for (const Draft& draft : drafts) events.push_back(draft.append());
    return sync_wait(store->append_batch(tenant, std::move(events)));
  }
  /// Counts `waits` down once the committer has the event in its queue: it is counted there before it is handed over.
  Task<Result<Appended>> append_and_tell(const Tenant& tenant, const Draft& draft, std::latch& waits) {
    const auto tell = [&]() -> RootTask {
      co_await yield();
      co_await yield();  // Behind the end of the turn, which append() puts there.
      waits.count_down();
    };
    tell();
    IncomingEvent event = draft.append();
    co_return co_await store->append(tenant, std::move(event));
  }
  std::set<EventId> inbox(const Tenant& tenant) {
    std::set<EventId> ids;
    for (PageQuery query{.limit = 200};;) {
      const Page page = sync_wait(store->page(tenant, query)).value();
      for (const auto& event : page.events) ids.insert(event.id);
      if (!page.has_more) return ids;
      query.after = page.next_after;
    }
  }

  testing_support::ScratchDirectory directory;
  ManualClock clock;
  const std::shared_ptr<FailingFileSystem> disk = std::make_shared<FailingFileSystem>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  std::vector<Draft> drafts;
  RocksConfig config;
  std::size_t most_events = 0;  ///< On the committer's thread, as `commits`.
  std::atomic<std::size_t> commits{0};
  std::function<void(std::size_t)> on_commit;
  std::unique_ptr<RocksStore> store;
};

TEST_F(CommitParts, EachIsBoundedAndTheOrderIsThatOfTheBatch) {
  const Tenant tenant{"acme"};
  const auto answers = append_batch(tenant);
  std::vector<EventId> ids;
  for (const auto& answer : answers) ids.push_back(answer->id);
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  ids.resize(batch_events / 2);
  const auto outcomes = sync_wait(store->acknowledge(tenant, ids)).value();
  EXPECT_TRUE(std::ranges::all_of(outcomes, [](AckStatus outcome) { return outcome == AckStatus::acknowledged; }));
  EXPECT_EQ(inbox(tenant).size(), batch_events / 2);
  store.reset();
  EXPECT_LE(most_events, config.commit.commit_elements_max);
}

TEST_F(CommitParts, AnotherTenantIsAnsweredBetweenThem) {
  std::latch first_is_done{1}, go_on{1};
  on_commit = [&](std::size_t number) {
    if (number != 1) return;
    first_is_done.count_down();
    go_on.wait();
  };
  std::vector<Result<Appended>> large;
  std::thread hostile([&] { large = append_batch({"hostile"}); });
  first_is_done.wait();
  const Draft draft = numbered(0);
  const Tenant other{"other"};
  Result<Appended> small{Appended{}};
  std::latch waits{1};
  std::thread victim([&] { small = sync_wait(append_and_tell(other, draft, waits)); });
  waits.wait();
  go_on.count_down();
  victim.join();
  hostile.join();
  // Ids are given in the order of the commits.
  EXPECT_LT(small->id, large.back()->id);
  EXPECT_GT(small->id, large.front()->id);
}

TEST_F(CommitParts, AFailureRefusesWhatIsNotCommittedYet) {
  on_commit = [&](std::size_t number) {
    if (number == 2) disk->set(FailingFileSystem::Fault::sync);
  };
  const Tenant tenant{"acme"};
  const auto answers = append_batch(tenant);
  std::set<EventId> accepted;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i]) accepted.insert(answers[i]->id);
    EXPECT_EQ(static_cast<bool>(answers[i]), i < accepted.size()) << i;
    EXPECT_TRUE(answers[i] || answers[i].error().code == ErrorCode::unavailable);
  }
  EXPECT_EQ(accepted.size(), 2 * config.commit.commit_elements_max);
  EXPECT_EQ(inbox(tenant), accepted);
  disk->set(FailingFileSystem::Fault::none);
  on_commit = nullptr;
  store.reset();
  store = RocksStore::open(config).value();
  const auto after = inbox(tenant);
  EXPECT_TRUE(std::ranges::includes(after, accepted));
}

}  // namespace
}  // namespace triggers::store
