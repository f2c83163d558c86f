// One unreadable record fails only the events and operations that need it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/gather.h"
#include "base/sync_wait.h"
#include "store/rocks/rocks_store.h"
#include "support/damage.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

using testing::Contains;
using testing::HasSubstr;
using Outcome = Appended::Outcome;

class UnreadableRecord : public testing::Test {
 protected:
  UnreadableRecord() {
    config.data_dir = directory / "data";
    config.memory_bytes = 32 * 1024 * 1024;
    config.background = false;
  }

  void open() { store = RocksStore::open(config).value(); }
  Result<Appended> append(const Tenant& to, const Draft& draft) { return sync_wait(store->append(to, draft.append())); }
  std::vector<Result<Appended>> append_batch(const Tenant& to, const std::vector<Draft>& drafts) {
    std::vector<IncomingEvent> events;
    for (const Draft& draft : drafts) events.push_back(draft.append());
    return sync_wait(store->append_batch(to, std::move(events)));
  }
  std::uint64_t unacknowledged(const Tenant& of) {
    PageQuery query{.event_type = "none"};  // It reads no event.
    return sync_wait(store->page(of, query)).value().total_unacknowledged;
  }

  /// Stores `damaged` and neighbours of another tenant, and makes the former's record unreadable while the store is
  /// open: a start would notice it.
  void store_and_damage() {
    open();
    ASSERT_TRUE(append(bystander, numbered(1)));
    first = append(tenant, damaged)->id;
    ASSERT_TRUE(append(bystander, numbered(2)));
    store.reset();  // Writes the tables.
    open();
    ASSERT_EQ(testing_support::damage_table_with(marker, config.data_dir), 1);
  }

  /// Each as a request of its own. An executor hands over at once what its coroutines submit in one turn.
  Task<void> append_together(const std::vector<Draft>& drafts, std::vector<std::optional<Result<Appended>>>& answers) {
    const auto append_one = [&](std::size_t i) -> Task<void> {
      IncomingEvent event = drafts[i].append();
      answers[i] = co_await store->append(tenant, std::move(event));
    };
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < drafts.size(); ++i) tasks.push_back(append_one(i));
    Gather all(std::move(tasks), drafts.size());
    co_await all;
  }

  /// Everybody else, and this tenant's other events.
  void expect_others_served(std::size_t number) {
    EXPECT_TRUE(store->health().writable) << store->health().problem;
    for (const Tenant& to : {bystander, tenant}) {
      const auto answer = append(to, numbered(number));
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(answer->outcome, Outcome::accepted);
    }
  }

  const std::string marker = testing_support::incompressible(60'000, 1);
  testing_support::ScratchDirectory directory;
  const Tenant tenant{"acme"}, bystander{"zeta"};
  Draft damaged{.payload = R"({"text":")" + marker + R"("})", .idempotency_key = "k"};
  EventId first;
  RocksConfig config;
  std::unique_ptr<RocksStore> store;
};

TEST_F(UnreadableRecord, RefusesWhatNeedsItAlsoTriedAgainAndAStartSaysSo) {
  store_and_damage();
  Draft without_key = damaged;
  without_key.idempotency_key.reset();
  for (std::size_t round = 0; round < 3; ++round) {
    for (const Draft& draft : {damaged, without_key}) {
      const auto refused = append(tenant, draft);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, ErrorCode::internal);
      EXPECT_THAT(refused.error().message, HasSubstr("checksum"));
    }
    expect_others_served(100 + round);
    EXPECT_GE(store->damage().count(), 2U);
    EXPECT_THAT(store->damage().take(), Contains(HasSubstr("tenant acme, event " + first.text())));
  }
  // It can still be acknowledged: that reads no payload.
  const auto acknowledged = sync_wait(store->acknowledge(tenant, {first}));
  ASSERT_TRUE(acknowledged) << acknowledged.error().message;
  EXPECT_EQ(acknowledged->front(), AckStatus::acknowledged);
  store.reset();
  const auto opened = RocksStore::open(config);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("triggers repair"));
}

TEST_F(UnreadableRecord, RefusesItsEventOfABatchAndNoOther) {
  store_and_damage();
  const auto before = unacknowledged(tenant);
  Draft keyed = numbered(11);
  keyed.idempotency_key = "new";
  Draft without_key = damaged;
  without_key.idempotency_key.reset();
  const auto answers =
      append_batch(tenant, {numbered(10), damaged, keyed, without_key, numbered(12), numbered(10), damaged});
  const auto expect_refused = [&](std::size_t i) {
    ASSERT_FALSE(answers[i]) << i;
    EXPECT_EQ(answers[i].error().code, ErrorCode::internal);
    EXPECT_THAT(answers[i].error().message, HasSubstr("checksum"));
  };
  for (const std::size_t i : {1, 3, 6}) expect_refused(i);
  for (const std::size_t i : {0, 2, 4}) {
    ASSERT_TRUE(answers[i]) << i << answers[i].error().message;
    EXPECT_EQ(answers[i]->outcome, Outcome::accepted) << i;
  }
  ASSERT_TRUE(answers[5]);
  EXPECT_EQ(answers[5]->outcome, Outcome::duplicate);
  EXPECT_EQ(answers[5]->id, answers[0]->id);
  EXPECT_EQ(unacknowledged(tenant), before + 3);
  EXPECT_EQ(append(tenant, keyed)->id, answers[2]->id);
  store.reset();
  ASSERT_EQ(testing_support::mend_table_with(marker, config.data_dir), 1);
  open();
  EXPECT_EQ(unacknowledged(tenant), before + 3);
  EXPECT_EQ(append(tenant, numbered(12))->id, answers[4]->id);
  EXPECT_EQ(append(tenant, damaged)->id, first);
}

TEST_F(UnreadableRecord, LeavesNothingOfABatchThatHoldsNothingElse) {
  store_and_damage();
  const auto before = unacknowledged(tenant);
  for (const auto& answer : append_batch(tenant, {damaged, damaged})) EXPECT_FALSE(answer);
  EXPECT_EQ(unacknowledged(tenant), before);
}

TEST_F(UnreadableRecord, LeavesTheRestOfItsCommitWhole) {
  std::atomic<std::size_t> largest_commit{0};
  config.on_commit = [&](const CommitStats& stats) {
    largest_commit = std::max(largest_commit.load(), stats.operations);
  };
  store_and_damage();
  const std::vector<Draft> drafts = {numbered(31), damaged, numbered(32), damaged, numbered(31)};
  std::vector<std::optional<Result<Appended>>> answers(drafts.size());
  sync_wait(append_together(drafts, answers));
  EXPECT_EQ((*answers[0])->outcome, Outcome::accepted);
  EXPECT_FALSE(*answers[1]);
  EXPECT_EQ((*answers[2])->outcome, Outcome::accepted);
  EXPECT_FALSE(*answers[3]);
  EXPECT_EQ((*answers[4])->outcome, Outcome::duplicate);
  EXPECT_EQ(unacknowledged(tenant), 3U);
  store.reset();  // A commit is observed after its waiters were woken.
  EXPECT_EQ(largest_commit, drafts.size());
}

}  // namespace
}  // namespace triggers::store
