// Events that a commit leaves until their digest is there: what is answered if the commit after it fails. What the
// digests cost is in duplicate_cost_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "rocks/rocks_fixture.h"

namespace triggers::store {
namespace {

using testing::ElementsAre;
using testing_support::FailingFileSystem;

/// An object of 20,000 members, in an order of its own for each number. To compare two of them, the commit needs
/// digests.
Draft wide(std::size_t number) {
  Draft draft{.payload = "{", .idempotency_key = std::to_string(number)};
  for (std::size_t i = 0; i < 20'000; ++i) {
    const std::string member = std::to_string((i + number) % 20'000);
    draft.payload += (i == 0 ? "\"m" : ",\"m") + member + "\":1";
  }
  draft.payload += "}";
  return draft;
}

class LeftEvents : public RocksFixture {
 protected:
  LeftEvents() {
    use_failing_disk();
    config.on_commit = [this](const CommitStats& stats) {
      if (stats.left_events > 0) disk->set(FailingFileSystem::Fault::full);
      left_events += stats.left_events;
    };
    open();
    first = append(wide(0)).value().id;
  }
  ~LeftEvents() override { store.reset(); }  // A commit may be observed after its waiters were woken.

  void restart_with_room() {
    disk->set(FailingFileSystem::Fault::none);
    reopen();
  }

  EventId first;
  std::atomic<std::size_t> left_events{0};
};

TEST_F(LeftEvents, OneThatCannotBeWrittenThenIsRefused) {
  const auto answer = append(wide(1));
  ASSERT_FALSE(answer) << answer->id.text();
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_GT(left_events, 0U);
  restart_with_room();
  EXPECT_THAT(inbox(), ElementsAre(first));
}

TEST_F(LeftEvents, OfABatchAreRefusedAndThoseBeforeThemAreStored) {
  const std::vector<Draft> drafts{numbered(1), wide(1), numbered(2)};
  std::vector<IncomingEvent> events;
  for (const Draft& draft : drafts) events.push_back(draft.append());
  const auto answers = sync_wait(store->append_batch(tenant, std::move(events)));
  EXPECT_GT(left_events, 0U);
  ASSERT_EQ(answers.size(), 3U);
  ASSERT_TRUE(answers[0]);
  EXPECT_FALSE(answers[1]);
  EXPECT_FALSE(answers[2]);
  restart_with_room();
  EXPECT_THAT(inbox(), ElementsAre(first, answers[0]->id));
}

}  // namespace
}  // namespace triggers::store
