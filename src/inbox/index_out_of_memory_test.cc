// Undoing what an EntryIndex has done in part when memory ran out. Other tests of undo are in index_undo_test.cc.

#include <gtest/gtest.h>

#include <new>

#include "base/test_failing_memory.h"
#include "event/test_random_json.h"
#include "inbox/test_index_copy.h"
#include "inbox/test_index_steps.h"

namespace triggers::inbox {
namespace {

/// Does the step with the allocation after `left` failing. False if it ran out of memory.
bool fits_into(const IndexStep& step, EntryIndex& index, long left) {
  failing_memory::allocations_left = left;
  bool fits = true;
  try {
    step.apply(index);
  } catch (const std::bad_alloc&) {
    fits = false;
  }
  failing_memory::allocations_left = -1;
  return fits;
}

void undo_without_memory(EntryIndex& index, const EntryIndex::Mark& mark) {
  const long failures = failing_memory::failures;
  failing_memory::gone = true;
  index.rollback(mark);
  failing_memory::gone = false;
  ASSERT_EQ(failing_memory::failures, failures) << "it asked for memory";
}

/// Batches on an index, each step with every one of its allocations failing once before it succeeds.
class StarvedBatches {
 public:
  explicit StarvedBatches(std::uint64_t seed) : steps_(seed) {}

  void run_one(std::size_t many) {
    const auto before = state();
    const auto world = steps_.world;
    const EntryIndex::Mark begin = index_.begin();
    for (int i = 0; i != 6; ++i) ASSERT_NO_FATAL_FAILURE(step(many));
    if (steps_.below(3) == 0) {
      ASSERT_NO_FATAL_FAILURE(undo_without_memory(index_, begin));
      steps_.world = world;
      ASSERT_EQ(state(), before);
    }
    const auto after = state();
    index_.keep();
    ASSERT_EQ(state(), after);
  }

  [[nodiscard]] int failed() const { return failed_; }

 private:
  IndexState state() const { return IndexState::of(index_, steps_.ids(), steps_.leases()); }

  void step(std::size_t many) {
    const IndexStep step = steps_.next(index_, many);
    const IndexState before = state();
    const auto copy = copy_of(before, steps_.world.rules);
    const EntryIndex::Mark mark = index_.mark();
    for (long left = 0; !fits_into(step, index_, left); ++left) {
      ++failed_;
      ASSERT_NO_FATAL_FAILURE(undo_without_memory(index_, mark));
      ASSERT_EQ(state(), before) << "after " << left << " allocations";
    }
    step.apply(*copy);
    ASSERT_EQ(state(), IndexState::of(*copy, steps_.ids(), steps_.leases()));
    steps_.done(index_, step);
  }

  IndexSteps steps_;
  EntryIndex index_{Rules{}};
  int failed_ = 0;
};

TEST(IndexOutOfMemory, WhateverAllocationFailsTheIndexIsPutBackWithoutMemory) {
  const std::uint64_t seed = event::test_seed();
  int failed = 0;
  for (std::uint64_t round = 0; round != 6; ++round) {
    StarvedBatches batches(seed + round);
    for (int batch = 0; batch != 20; ++batch) {
      ASSERT_NO_FATAL_FAILURE(batches.run_one(batch % 2 == 0 ? 250 : 5))
          << "seed " << seed << ", round " << round << ", batch " << batch;
    }
    failed += batches.failed();
  }
  EXPECT_GT(failed, 1'000) << "allocations that failed";
}

}  // namespace
}  // namespace triggers::inbox
