// What the search for duplicates costs the committer, counted in reads and bytes. Which events are duplicates is in
// tests/contract/duplicates_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/manual_clock.h"
#include "base/mutex.h"
#include "base/sync_wait.h"
#include "store/rocks/commit/compared_event.h"
#include "store/rocks/rocks_store.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

constexpr std::size_t batch_events = 500;

class DuplicateCost : public testing::Test {
 protected:
  struct Cost {
    std::size_t reads = 0, compared_bytes = 0, commits = 0, left_events = 0;
    std::size_t most_hashed_bytes = 0;  ///< In one commit.
    std::size_t answered = 0;
  };

  DuplicateCost() {
    RocksConfig config;
    config.data_dir = directory_ / "data";
    config.memory_bytes = 32 * 1024 * 1024;
    config.background = false;
    config.clock = &clock_;
    config.on_commit = [this](const CommitStats& stats) {
      const MutexLock lock(mutex_);
      total_.reads += stats.reads;
      total_.compared_bytes += stats.compared_bytes;
      total_.left_events += stats.left_events;
      total_.most_hashed_bytes = std::max(total_.most_hashed_bytes, stats.hashed_bytes);
      total_.answered += stats.accepted + stats.duplicates;
      ++total_.commits;
    };
    store_ = RocksStore::open(config).value();
  }

  /// Appends the drafts as one batch and answers what it cost.
  Cost append(const std::vector<Draft>& drafts) {
    std::vector<IncomingEvent> events;
    events.reserve(drafts.size());
    for (const Draft& draft : drafts) events.push_back(draft.append());
    answers = sync_wait(store_->append_batch(tenant_, std::move(events)));
    for (const auto& answer : answers) EXPECT_TRUE(answer);
    while (answered() < drafts.size()) std::this_thread::yield();  // A commit is observed after its waiters were woken.
    const MutexLock lock(mutex_);
    return std::exchange(total_, {});
  }
  [[nodiscard]] std::size_t accepted() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        answers, [](const auto& answer) { return answer->outcome == Appended::Outcome::accepted; }));
  }

  std::vector<Result<Appended>> answers;

 private:
  std::size_t answered() {
    const MutexLock lock(mutex_);
    return total_.answered;
  }

  testing_support::ScratchDirectory directory_;
  ManualClock clock_;
  const Tenant tenant_{"acme"};
  Mutex mutex_;
  Cost total_ GUARDED_BY(mutex_);
  std::unique_ptr<RocksStore> store_;
};

std::size_t payload_bytes(const std::vector<Draft>& drafts) {
  std::size_t bytes = 0;
  for (const Draft& draft : drafts) bytes += draft.payload.size();
  return bytes;
}

/// Batch number `batch` of equal events, each with a key of its own.
std::vector<Draft> equal_with_keys(std::size_t batch, const std::string& payload = "{}") {
  std::vector<Draft> drafts(batch_events, Draft{.payload = payload});
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    drafts[i].idempotency_key = std::to_string(batch) + "/" + std::to_string(i);
  }
  return drafts;
}

TEST_F(DuplicateCost, OfEqualEventsWithKeysIsTheSameInEachBatch) {
  const std::string payload = R"({"text":")" + std::string(1000, 'x') + R"("})";
  for (std::size_t batch = 0; batch < 20; ++batch) {
    const auto drafts = equal_with_keys(batch, payload);
    const Cost cost = append(drafts);
    EXPECT_EQ(accepted(), batch_events);
    // A look-up for each key, and one for the content all have.
    EXPECT_LE(cost.reads, batch_events + 2 * cost.commits);
    EXPECT_LE(cost.compared_bytes, payload_bytes(drafts));
  }
}

TEST_F(DuplicateCost, OfPermutationsOfOneNameIsThatOfOtherEvents) {
  std::vector<int> order = {0, 1, 2, 3, 4, 5, 6};
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < batch_events; ++i, std::ranges::next_permutation(order)) {
    std::string payload = "{";
    for (const int value : order) payload += "\"a\":" + std::to_string(value) + ",";
    for (int member = 0; member < 999; ++member) payload += "\"b\":0,";
    drafts.push_back({.payload = payload + "\"b\":0}"});
  }
  const Cost cost = append(drafts);
  EXPECT_EQ(accepted(), batch_events);
  EXPECT_EQ(cost.reads, batch_events);
  EXPECT_EQ(cost.compared_bytes, 0U);
}

TEST_F(DuplicateCost, OfCollidingEventsIsADigestEachAndTwoReads) {
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < batch_events; ++i) {
    drafts.push_back({.payload = R"({"text":")" + std::to_string(i) + std::string(500, 'x') + R"("})"});
    drafts.back().fingerprint = event::Fingerprint{7, 7};
  }
  for (std::size_t round = 0; round < 3; ++round) {
    const Cost cost = append(drafts);
    EXPECT_EQ(accepted(), round == 0 ? batch_events : 0);
    EXPECT_LE(cost.reads, batch_events + 2 * cost.commits);
    // Its own text for each; and, once in a commit, that of the event which the fingerprint leads to.
    EXPECT_LE(cost.compared_bytes, 2 * payload_bytes(drafts) + 1000);
    EXPECT_LE(cost.most_hashed_bytes, DigestBudget::bytes_max);
  }
}

TEST_F(DuplicateCost, OfManyEventsThatAreComparedWithOneLargeStoredOneIsOneReadingOfIt) {
  const std::string large = R"({"text":")" + std::string(250'000, 'x') + R"("})";
  Draft first{.payload = large, .fingerprint = event::Fingerprint{7, 7}};
  append({first});
  std::vector<Draft> drafts(batch_events);
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    drafts[i] = numbered(i);
    drafts[i].fingerprint = first.fingerprint;
  }
  for (std::size_t round = 0; round < 3; ++round) {
    const Cost cost = append(drafts);
    EXPECT_LE(cost.reads, batch_events + 2 * cost.commits);
    EXPECT_LE(cost.compared_bytes, (round == 0 ? large.size() : 0) + 2 * payload_bytes(drafts));
  }
}

TEST_F(DuplicateCost, OfManySmallEventsWithTheKeyOfOneLargeStoredOneIsOneReadingOfIt) {
  const std::string large = R"({"text":")" + std::string(250'000, 'x') + R"("})";
  append({Draft{.payload = large, .idempotency_key = "key"}});
  std::vector<Draft> drafts(batch_events);
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    drafts[i] = numbered(i);
    drafts[i].idempotency_key = "key";
  }
  for (std::size_t round = 0; round < 3; ++round) {
    const Cost cost = append(drafts);
    EXPECT_EQ(accepted(), 0U);
    EXPECT_LE(cost.reads, batch_events + 2 * cost.commits);
    EXPECT_LE(cost.most_hashed_bytes, DigestBudget::bytes_max);
    EXPECT_LE(cost.compared_bytes, (round == 0 ? large.size() : 0) + 2 * payload_bytes(drafts));
  }
}

TEST_F(DuplicateCost, OfEightLargeCollidingEventsBehindItIsBoundedByOneOfThem) {
  std::vector<Draft> large;
  for (std::size_t i = 0; i < 8; ++i) {
    large.push_back({.payload = R"({"text":")" + std::to_string(i) + std::string(250'000, 'x') + R"("})",
                     .fingerprint = event::Fingerprint{7, 7}});
    append({large.back()});
  }
  Draft small = numbered(1);
  small.fingerprint = event::Fingerprint{7, 7};
  Cost cost = append({small});
  EXPECT_EQ(accepted(), 1U);
  EXPECT_LE(cost.reads, 5U);
  EXPECT_LE(cost.compared_bytes, 260'000U);
  EXPECT_LE(cost.most_hashed_bytes, DigestBudget::bytes_max);
  cost = append({small});
  EXPECT_EQ(accepted(), 0U);
  EXPECT_LE(cost.reads, 3U);
  EXPECT_LE(cost.compared_bytes, 100U);
}

/// An object of so many members, written in an order of its own for each number.
std::string wide(std::size_t members, std::size_t number) {
  std::string payload = "{";
  for (std::size_t i = 0; i < members; ++i) {
    const std::size_t member = (i + number) % members;
    payload += (i == 0 ? "\"m" : ",\"m") + std::to_string(member) + "\":" + std::to_string(member % 10);
  }
  return payload + "}";
}

TEST_F(DuplicateCost, OfLargeTextsInAnotherOrderIsNoPartOfACommit) {
  append({{.payload = wide(20'000, 0)}});
  ASSERT_EQ(accepted(), 1U);
  const auto first = answers[0]->id;
  for (const bool keyed : {false, true}) {
    std::vector<Draft> drafts{numbered(1)};
    for (std::size_t i = 1; i <= 8; ++i) drafts.push_back({.payload = wide(20'000, i)});
    drafts.push_back(numbered(2));
    if (keyed) {
      for (std::size_t i = 0; i < drafts.size(); ++i) drafts[i].idempotency_key = std::to_string(i);
    }
    const Cost cost = append(drafts);
    EXPECT_LE(cost.most_hashed_bytes, DigestBudget::bytes_max);
    EXPECT_GT(cost.left_events, 0U);
    EXPECT_EQ(accepted(), keyed ? drafts.size() : 2U);
    for (std::size_t i = 1; !keyed && i <= 8; ++i) {
      EXPECT_EQ(answers[i]->outcome, Appended::Outcome::duplicate);
      EXPECT_EQ(answers[i]->id, first);
    }
    EXPECT_LT(answers.front()->id, answers.back()->id);
    if (!keyed) continue;
    // Under its key the second is another event than the first was.
    drafts[1].payload = wide(20'000, 3);
    drafts[2].payload = wide(19'999, 3);
    EXPECT_LE(append(drafts).most_hashed_bytes, DigestBudget::bytes_max);
    EXPECT_EQ(answers[1]->outcome, Appended::Outcome::duplicate);
    EXPECT_EQ(answers[2]->outcome, Appended::Outcome::idempotency_mismatch);
    EXPECT_EQ(accepted(), 0U);
  }
}

TEST_F(DuplicateCost, OfLargeTextsInAnotherOrderInOneBatchIsNoPartOfACommit) {
  const Cost cost = append({{.payload = wide(20'000, 0)}, {.payload = wide(20'000, 1)}, {.payload = wide(20'000, 2)}});
  EXPECT_LE(cost.most_hashed_bytes, DigestBudget::bytes_max);
  EXPECT_EQ(accepted(), 1U);
  EXPECT_EQ(answers[1]->id, answers[0]->id);
  EXPECT_EQ(answers[2]->id, answers[0]->id);
}

TEST_F(DuplicateCost, OfReplaysOfABatchIsTwoReadsEachAndTheTextOnce) {
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < batch_events; ++i) {
    drafts.push_back(numbered(i));
    drafts.back().idempotency_key = "key " + std::to_string(i);
  }
  append(drafts);
  const Cost cost = append(drafts);
  EXPECT_EQ(accepted(), 0U);
  EXPECT_LE(cost.reads, 2 * batch_events);
  EXPECT_LE(cost.compared_bytes, payload_bytes(drafts));
}

}  // namespace
}  // namespace triggers::store
