// Undoing changes of an EntryIndex. What happens when memory runs out is in index_out_of_memory_test.cc.

#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <vector>

#include "event/test_random_json.h"
#include "inbox/test_index_copy.h"
#include "inbox/test_index_steps.h"

namespace triggers::inbox {
namespace {

using std::chrono::seconds;

/// Batches with marks on an index, and only the steps that are kept on another one, which has no journal.
class Batches {
 public:
  explicit Batches(std::uint64_t seed) : steps_(seed) {}

  void run_one() {
    saved_ = {{index_.begin(), state(), steps_.world, 0}};
    kept_.clear();
    const std::size_t many = steps_.below(4) == 0 ? 600 : 20;
    for (auto i = steps_.below(16); i != 0; --i) {
      const auto what = steps_.below(8);
      if (what == 0) {
        saved_.push_back({index_.mark(), state(), steps_.world, kept_.size()});
      } else if (what == 1) {
        ASSERT_NO_FATAL_FAILURE(undo_to(steps_.below(saved_.size())));
      } else {
        kept_.push_back(steps_.next(index_, many));
        kept_.back().apply(index_);
        steps_.done(index_, kept_.back());
      }
    }
    if (steps_.below(3) == 0) {
      ASSERT_NO_FATAL_FAILURE(undo_to(0));
    }
    index_.keep();
    for (const IndexStep& step : kept_) step.apply(*copy_);
    const IndexState now = state();
    ASSERT_EQ(now, IndexState::of(*copy_, steps_.ids(), steps_.leases())) << "as if the others had not been";
    // Otherwise the copy has the past of the index, which might hide a fault of both.
    if (steps_.below(4) == 0) copy_ = copy_of(now, steps_.world.rules);
  }

 private:
  struct Saved {
    EntryIndex::Mark mark;
    IndexState state;
    IndexSteps::World world;
    std::size_t kept;
  };

  IndexState state() const { return IndexState::of(index_, steps_.ids(), steps_.leases()); }

  void undo_to(std::size_t place) {
    const Saved& saved = saved_[place];
    index_.rollback(saved.mark);
    steps_.world = saved.world;
    kept_.resize(saved.kept);
    ASSERT_EQ(state(), saved.state) << "mark " << place;
    saved_.resize(place + 1);
  }

  IndexSteps steps_;
  EntryIndex index_{Rules{}};
  std::unique_ptr<EntryIndex> copy_ = std::make_unique<EntryIndex>(Rules{});
  std::vector<Saved> saved_;
  std::vector<IndexStep> kept_;
};

TEST(RandomUndo, AnIndexIsAsItWasAtTheMarkAndGoesOnAsIfNothingHadBeenUndone) {
  const std::uint64_t seed = event::test_seed();
  for (std::uint64_t round = 0; round != 10; ++round) {
    Batches batches(seed + round);
    for (int batch = 0; batch != 40; ++batch) {
      ASSERT_NO_FATAL_FAILURE(batches.run_one()) << "seed " << seed << ", round " << round << ", batch " << batch;
    }
  }
}

class Undo : public testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t i = 1; i <= 2'000; ++i) fresh_.push_back(test_id(i));
    for (const EventId& id : fresh_) EXPECT_FALSE(index_.accept(id));
  }

  void lease(std::size_t count) {
    (void)index_.lease({fresh_.data(), count}, count, test_lease(1), seconds(30), test_time);
  }

  std::vector<EventId> fresh_;
  EntryIndex index_{Rules{.max_attempts = 3}};
};

TEST_F(Undo, TakesBackRulesAndThePlaceOfTheFresh) {
  const auto before = index_.begin();
  index_.set_rules({.max_attempts = 1});
  index_.remove(test_id(1));
  index_.skip_to(test_id(2));
  lease(0);
  EXPECT_EQ(index_.counts(), (Counts{.available = 1'999}));
  index_.rollback(before);
  index_.keep();
  EXPECT_EQ(index_.counts(), (Counts{.available = 2'000}));
  EXPECT_EQ(index_.fresh_after(), EventId{});
  lease(1);
  (void)index_.advance(test_time + seconds(30), 9);
  EXPECT_EQ(index_.counts(), (Counts{.available = 2'000})) << "two attempts are left";
}

TEST_F(Undo, TheJournalIsOpenUntilItIsKept) {
  const auto before = index_.begin();
  lease(10);
  index_.rollback(before);
  lease(5);
  const auto middle = index_.mark();
  index_.remove(test_id(3));
  index_.rollback(middle);
  EXPECT_EQ(index_.counts(), (Counts{.available = 1'995, .leased = 5}));
  index_.rollback(before);
  EXPECT_EQ(index_.counts(), (Counts{.available = 2'000}));
  index_.keep();
}

TEST_F(Undo, BatchesThatFailLeaveNoMemory) {
  const auto fail = [&](std::size_t count) {
    const auto before = index_.begin();
    lease(count);
    for (std::uint64_t i = 1; i <= count; i += 2) index_.remove(test_id(i));
    index_.rollback(before);
    index_.keep();
  };
  fail(2'000);
  const std::size_t used = mallinfo2().uordblks;
  for (std::size_t i = 0; i != 200; ++i) fail(100 + 7 * i);
  if (used == 0) GTEST_SKIP() << "this allocator does not count";
  EXPECT_LT(mallinfo2().uordblks, used + 4'096);
}

TEST_F(Undo, BatchesThatAreKeptGiveBackWhatLeavingEntriesHad) {
  const std::size_t used = mallinfo2().uordblks;
  (void)index_.begin();
  lease(2'000);
  index_.keep();
  const std::size_t full = mallinfo2().uordblks;
  (void)index_.begin();
  for (const EventId& id : fresh_) index_.remove(id);
  index_.keep();
  if (full == used) GTEST_SKIP() << "this allocator does not count";
  EXPECT_GT(full, used + 2'000 * sizeof(Slot));
  EXPECT_LT(mallinfo2().uordblks, used + 24'000) << "a chunk of 256 slots, the journal's and the heap's least";
}

using UndoDeathTest = Undo;

TEST_F(UndoDeathTest, AMarkNeedsAnOpenJournal) {
  const auto before = index_.begin();
  EXPECT_DEATH((void)index_.begin(), "before the last one is kept");
  index_.keep();
  EXPECT_DEATH((void)index_.mark(), "has not begun");
  EXPECT_DEATH(index_.rollback(before), "undone");
  EXPECT_DEATH(index_.keep(), "has not begun");
}

}  // namespace
}  // namespace triggers::inbox
