#include "inbox/entry_index.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "inbox/test_inbox.h"

namespace triggers::inbox {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;
using enum EntryState;

constexpr UnixMillis start = test_time;

class Index : public testing::Test {
 protected:
  /// Leases with a new lease, of entries of which the first `fresh` are fresh.
  std::vector<LeasedEntry> lease(std::size_t limit, seconds duration = seconds(30), UnixMillis now = start) {
    return index_.lease(fresh_ids(), limit, test_lease(++leases_), duration, now);
  }

  std::vector<EventId> fresh_ids() const {
    std::vector<EventId> ids;
    for (std::uint64_t i = 1; i <= accepted_; ++i) {
      if (test_id(i) > index_.fresh_after()) ids.push_back(test_id(i));
    }
    return ids;
  }

  void accept(std::uint64_t count) {
    for (std::uint64_t i = 0; i != count; ++i) EXPECT_FALSE(index_.accept(test_id(++accepted_)));
  }

  void restore(std::uint64_t number, const Entry& entry, UnixMillis now = start) {
    EXPECT_TRUE(index_.restore(test_id(number), entry, now));
  }

  static std::vector<EventId> ids(std::initializer_list<std::uint64_t> numbers) {
    std::vector<EventId> result;
    for (const auto number : numbers) result.push_back(test_id(number));
    return result;
  }

  static std::vector<EventId> ids(const std::vector<LeasedEntry>& leased) {
    std::vector<EventId> result;
    result.reserve(leased.size());
    for (const auto& entry : leased) result.push_back(entry.id);
    return result;
  }

  std::uint64_t accepted_ = 0, leases_ = 0;
  EntryIndex index_{Rules{.max_attempts = 3}};
};

TEST_F(Index, FreshEntriesAreLeasedOldestFirst) {
  accept(5);
  EXPECT_EQ(index_.counts(), (Counts{.available = 5}));
  EXPECT_EQ(ids(lease(3)), ids({1, 2, 3}));
  EXPECT_EQ(index_.fresh_after(), test_id(3));
  EXPECT_EQ(index_.counts(), (Counts{.available = 2, .leased = 3}));
  EXPECT_EQ(ids(lease(9)), ids({4, 5}));
  EXPECT_TRUE(lease(9).empty());
}

TEST_F(Index, WhatComesBackKeepsItsPlaceByAge) {
  accept(5);
  (void)lease(3);
  index_.update(test_id(2), Entry{.attempts = 1});
  index_.update(test_id(1), Entry{.attempts = 1});
  const auto leased = lease(3);
  EXPECT_EQ(ids(leased), ids({1, 2, 4}));
  EXPECT_EQ(leased[0].entry.attempts, 2U);
  EXPECT_EQ(leased[2].entry.attempts, 1U);
}

TEST_F(Index, ALeaseKnowsWhatItStillHolds) {
  accept(6);
  (void)lease(3);
  (void)lease(3);
  index_.remove(test_id(2));
  EXPECT_EQ(index_.held_by(test_lease(1)), ids({1, 3}));
  EXPECT_EQ(index_.held_by(test_lease(2)), ids({4, 5, 6}));
  EXPECT_TRUE(index_.held_by(test_lease(3)).empty());
}

TEST_F(Index, ALeaseEndsAtItsTimeAndNotBefore) {
  accept(1);
  (void)lease(1);
  EXPECT_EQ(index_.next_due(), start + seconds(30));
  EXPECT_EQ(index_.next_ending(), (EntryIndex::Ending{test_id(1), start + seconds(30)}));
  EXPECT_TRUE(index_.advance(start + seconds(30) - milliseconds(1), 9).empty());
  const std::vector<Ended> ended{{test_id(1), Ended::What::available, true, start + seconds(30)}};
  EXPECT_EQ(index_.advance(start + seconds(31), 9), ended);
  EXPECT_EQ(index_.counts(), (Counts{.available = 1}));
  EXPECT_EQ(index_.next_due(), std::nullopt);
}

TEST_F(Index, TheLastLeaseThatEndsLeavesADeadEntryThatExpires) {
  accept(1);
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_EQ(lease(1, seconds(30), start + seconds(30 * (attempt - 1)))[0].entry.attempts, attempt);
    (void)index_.advance(start + seconds(30 * attempt), 9);
  }
  EXPECT_EQ(index_.counts(), (Counts{.dead = 1}));
  const UnixMillis expiry = start + seconds(90) + days(30);
  EXPECT_EQ(index_.next_expiry(), expiry);
  EXPECT_TRUE(index_.expire_dead(expiry - milliseconds(1), 9).empty());
  EXPECT_EQ(index_.expire_dead(expiry, 9), ids({1}));
  EXPECT_EQ(index_.counts(), Counts{});
  EXPECT_EQ(index_.next_expiry(), std::nullopt);
}

TEST_F(Index, AClockThatJumpsEndsLeasesAndKeepsTheDead) {
  for (std::uint64_t i = 1; i <= 3; ++i) restore(i, {dead, 3, start + seconds(i), {}, {}, {}});
  restore(4, {leased, 1, start, start + seconds(30), test_lease(1), {}});
  ASSERT_TRUE(index_.restored({1, 3, {}}));
  EXPECT_EQ(index_.next_due(), start + seconds(30)) << "deaths are not among what advance() does";
  EXPECT_EQ(index_.advance(start + days(365), 9).size(), 1U);
  EXPECT_EQ(index_.next_due(), std::nullopt);
  EXPECT_EQ(index_.counts(), (Counts{.available = 1, .dead = 3}));
  EXPECT_EQ(ids(lease(1, seconds(30), start + days(365))), ids({4})) << "dead entries that are due hold up no lease";
  EXPECT_EQ(index_.expire_dead(start + days(30) + seconds(3), 2), ids({1, 2})) << "the longest dead first";
  EXPECT_EQ(index_.expire_dead(start + days(30) + seconds(3), 2), ids({3}));
}

TEST_F(Index, AShorterRetentionOfTheDeadHoldsForThoseThatAre) {
  restore(1, {dead, 3, start, {}, {}, {}});
  index_.set_rules({.max_attempts = 3, .dead_retention = days(2)});
  EXPECT_EQ(index_.next_expiry(), start + days(2));
}

TEST_F(Index, ALoweredLimitTakesWhatItHasUsedUpALittleAtATime) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    restore(i, Entry{.attempts = static_cast<std::uint32_t>(i % 2 + 1)});
  }
  ASSERT_TRUE(index_.restored({.undelivered = 5}));
  EXPECT_EQ(index_.next_due(), std::nullopt);
  index_.set_rules({.max_attempts = 2});
  EXPECT_EQ(index_.next_due(), UnixMillis{}) << "now";
  const auto ended = index_.advance(start, 2);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0], (Ended{test_id(1), Ended::What::died, false, start}));
  EXPECT_EQ(index_.advance(start, 9).size(), 1U);
  EXPECT_EQ(index_.counts(), (Counts{.available = 2, .dead = 3}));
  EXPECT_EQ(ids(lease(9)), ids({2, 4}));
}

TEST_F(Index, AReplayedEntryBeforeTheFreshOnesNeedsARecord) {
  accept(3);
  (void)lease(2);
  index_.remove(test_id(1));
  EXPECT_TRUE(index_.accept(test_id(1)));
  EXPECT_EQ(ids(lease(9)), ids({1, 3}));
}

TEST_F(Index, AnEntryThatFailedIsMarked) {
  accept(1);
  EXPECT_FALSE(lease(1)[0].failed);
  index_.update(test_id(1), Entry{available, 1, start, {}, {}, Failure{"no", start}});
  EXPECT_TRUE(lease(1)[0].failed);
  EXPECT_TRUE(index_.find(test_id(1))->failed) << "while it is leased";
  (void)index_.advance(start + seconds(30), 9);
  EXPECT_TRUE(index_.find(test_id(1))->failed) << "after the lease has ended";
}

TEST_F(Index, ARestartKeepsLeasesAndProlongsNone) {
  restore(7, {leased, 2, start, start + seconds(30), test_lease(1), {}}, start - days(1));
  restore(3, {leased, 1, start - days(2), start, test_lease(2), {}});
  restore(5, {delayed, 1, start, start + seconds(9), {}, {}});
  ASSERT_TRUE(index_.restored({10, 0, test_id(6)}));
  EXPECT_EQ(index_.fresh_after(), test_id(7));
  EXPECT_EQ(index_.counts(), (Counts{.available = 7, .leased = 2, .delayed = 1}));
  EXPECT_EQ(index_.find(test_id(7))->entry.until, start - days(1) + seconds(30)) << "the clock went back";
  EXPECT_EQ(index_.find(test_id(3))->entry.until, start);
  EXPECT_EQ(index_.held_by(test_lease(1)), ids({7}));
}

TEST_F(Index, AFreshEntryLeavesWithoutASlot) {
  accept(3);
  index_.remove(test_id(2));
  EXPECT_EQ(index_.counts(), (Counts{.available = 2}));
  EXPECT_EQ(index_.find(test_id(1)), std::nullopt);
}

TEST_F(Index, ALeaseNeedNotReadAgainOverWhatHasLeft) {
  accept(6);
  for (std::uint64_t i = 1; i <= 3; ++i) index_.remove(test_id(i));
  index_.skip_to(test_id(3));
  EXPECT_LT(index_.fresh_after(), test_id(3)) << "an entry with this id may be fresh";
  EXPECT_FALSE(index_.fresh_after() < test_id(2));
  index_.skip_to(test_id(4));
  EXPECT_EQ(ids(lease(2)), ids({4, 5}));
  index_.skip_to(test_id(2));
  index_.skip_to({});
  EXPECT_EQ(index_.fresh_after(), test_id(5)) << "never back";
  EXPECT_TRUE(index_.accept(test_id(2))) << "a replay before that place needs a record";
  EXPECT_EQ(ids(lease(9)), ids({2, 6}));
}

TEST_F(Index, AnIdThatEndsWithZerosCanBeSkippedTo) {
  EventId id = test_id(0);
  id.bytes.fill(0);
  id.bytes[0] = 1;
  index_.skip_to(id);
  EventId before = id;
  before.bytes.fill(0xff);
  before.bytes[0] = 0;
  EXPECT_EQ(index_.fresh_after(), before);
}

TEST_F(Index, DamageFoundAtTheStartIsAnErrorThatSaysWhat) {
  const auto says = [](const Status& status, const char* what) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::unavailable);
    EXPECT_NE(status.error().message.find(what), std::string::npos) << status.error().message;
    EXPECT_NE(status.error().message.find("Restore a backup"), std::string::npos) << status.error().message;
  };
  restore(1, {leased, 2, start, start + seconds(30), test_lease(1), {}});
  restore(2, {dead, 3, start, {}, {}, {}});
  says(index_.restore(test_id(1), {dead, 3, start, {}, {}, {}}, start), "same id");
  const UnixMillis last(milliseconds((std::int64_t{1} << 48) - 1));
  says(index_.restore(test_id(3), {delayed, 1, last, last + milliseconds(1), {}, {}}, last), "10889");
  says(index_.restored({0, 1, {}}), "0 entries are undelivered, but 1 have");
  says(index_.restored({1, 0, {}}), "0 entries are dead, but 1 have");
  says(index_.restored({1, 2, {}}), "2 entries are dead, but 1 have");
  EXPECT_TRUE(index_.restored({1, 1, {}}));
  EXPECT_EQ(index_.counts(), (Counts{.leased = 1, .dead = 1}));
}

using IndexDeathTest = Index;

TEST_F(IndexDeathTest, ALeaseBeforeWhatIsDueHasEndedIsABug) {
  accept(2);
  (void)lease(1);
  EXPECT_DEATH((void)lease(1, seconds(30), start + seconds(30)), "due");
}

TEST_F(IndexDeathTest, AnEntryThatIsNotThereCannotLeave) { EXPECT_DEATH(index_.remove(test_id(1)), "fresh_"); }

/// Of 200,000 leased and 200,000 dead entries, `batch` to a lease; restored in the order of a store's scan, or in none.
double bytes_of_a_hidden_entry(std::uint64_t batch, bool shuffled) {
  constexpr std::uint64_t count = 400'000;
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  EntryIndex index(Rules{});
  for (std::uint64_t i = 0; i != count; ++i) {
    const std::uint64_t number = shuffled ? i * 1'000'003 % count : i;
    const auto time = start + milliseconds(shuffled ? i * 7'919 % 30'000 : i / 10);
    if (number % 2 == 0) {
      (void)index.restore(test_id(number), {leased, 1, time, time + seconds(30), test_lease(number / batch), {}},
                          start);
    } else {
      (void)index.restore(test_id(number), {dead, 10, time, {}, {}, {}}, start);
    }
  }
  const std::size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  return static_cast<double>(after - before) / count;
}

TEST(IndexMemory, AHiddenEntryTakesAbout64Bytes) {
  const double in_order = bytes_of_a_hidden_entry(20, false), one_each = bytes_of_a_hidden_entry(1, false);
  const double shuffled = bytes_of_a_hidden_entry(20, true);
  std::printf("bytes a hidden entry: %.1f in order, %.1f one to a lease, %.1f in any order\n", in_order, one_each,
              shuffled);
  if (in_order == 0) GTEST_SKIP() << "this allocator does not count";
  EXPECT_LT(in_order, 64);
  EXPECT_LT(one_each, 64);
  EXPECT_LT(shuffled, 68);
}

}  // namespace
}  // namespace triggers::inbox
