// The judge of test_judge.h finds a broken promise of each kind.

#include <gtest/gtest.h>

#include "inbox/test_inbox.h"
#include "inbox/test_judge.h"

namespace triggers::inbox {
namespace {

using std::chrono::days;
using std::chrono::seconds;

/// The judge of random histories finds a fault of each kind.
class PlantedFault : public testing::Test {
 protected:
  void SetUp() override {
    judge_.accepted(id_);
    judge_.handed_out(id_, l_, 1, start_, start_ + seconds(30));
    ASSERT_EQ(judge_.verdict(), "");
  }

  Judge judge_;
  const EventId id_ = test_id(1);
  const LeaseId l_ = test_lease(1), m_ = test_lease(2);
  const UnixMillis start_ = test_time, end_ = start_ + seconds(30);
};

TEST_F(PlantedFault, ARightHistoryIsNone) {
  judge_.extended(id_, l_, EntryStatus::extended, start_, start_ + seconds(60));
  judge_.released(id_, l_, EntryStatus::released, start_ + seconds(59));
  judge_.handed_out(id_, m_, 2, start_ + seconds(59), start_ + seconds(99));
  judge_.acknowledged(id_, l_, EntryStatus::lease_lost, start_ + seconds(60));
  judge_.acknowledged(id_, m_, EntryStatus::acknowledged, start_ + seconds(60));
  judge_.acknowledged(id_, m_, EntryStatus::already_acknowledged, start_ + seconds(61));
  judge_.acknowledged(id_, l_, EntryStatus::lease_lost, start_ + seconds(61));
  judge_.acknowledged(test_id(9), l_, EntryStatus::not_found, start_);
  judge_.present_are({}, start_, {});
  EXPECT_EQ(judge_.verdict(), "");
}

TEST_F(PlantedFault, TwoLeasesHoldOneEntry) {
  judge_.handed_out(id_, m_, 2, end_ - seconds(1), end_ + seconds(30));
  EXPECT_EQ(judge_.verdict(), "an entry was leased while another lease held it");
}

TEST_F(PlantedFault, AnEntryIsLost) {
  judge_.present_are({}, start_, {});
  EXPECT_EQ(judge_.verdict(), "an entry was lost");
}

TEST_F(PlantedFault, AnEntryComesBackFromNowhere) {
  judge_.present_are({id_, test_id(2)}, start_, {});
  EXPECT_EQ(judge_.verdict(), "the inbox has an entry that has left it");
}

TEST_F(PlantedFault, AnAcknowledgedEntryIsLeasedAgain) {
  judge_.acknowledged(id_, l_, EntryStatus::acknowledged, start_);
  judge_.handed_out(id_, m_, 2, start_, end_);
  EXPECT_EQ(judge_.verdict(), "an entry was leased that is not in the inbox");
}

TEST_F(PlantedFault, AnAttemptIsRepeated) {
  judge_.handed_out(id_, m_, 1, end_, end_ + seconds(30));
  EXPECT_EQ(judge_.verdict(), "an attempt was repeated");
}

TEST_F(PlantedFault, AnAttemptThatNobodySawIsRepeated) {
  judge_.handed_out_unseen(id_, 2);
  judge_.handed_out(id_, m_, 2, end_, end_ + seconds(30));
  EXPECT_EQ(judge_.verdict(), "an attempt was repeated");
}

TEST_F(PlantedFault, ALeaseThatHasEndedAcknowledges) {
  judge_.acknowledged(id_, l_, EntryStatus::acknowledged, end_);
  EXPECT_EQ(judge_.verdict(), "a lost lease got another answer");
}

TEST_F(PlantedFault, ALeaseThatHasEndedReleases) {
  judge_.released(id_, l_, EntryStatus::released, end_);
  EXPECT_EQ(judge_.verdict(), "a lost lease got another answer");
}

TEST_F(PlantedFault, ALeaseThatHasEndedIsExtended) {
  judge_.extended(id_, l_, EntryStatus::extended, end_, end_ + seconds(30));
  EXPECT_EQ(judge_.verdict(), "a lost lease got another answer");
}

TEST_F(PlantedFault, AValidLeaseIsRefused) {
  judge_.acknowledged(id_, l_, EntryStatus::lease_lost, end_ - seconds(1));
  EXPECT_EQ(judge_.verdict(), "a valid lease could not acknowledge");
}

TEST_F(PlantedFault, ARepeatIsNotToldAsOne) {
  judge_.acknowledged(id_, l_, EntryStatus::acknowledged, start_);
  judge_.acknowledged(id_, l_, EntryStatus::lease_lost, start_);
  EXPECT_EQ(judge_.verdict(), "a repeated acknowledgement was not told as one");
}

TEST_F(PlantedFault, ARetentionThatWasNotStatedTakesAnEntry) {
  judge_.present_are({}, start_ + days(29), {.retention = {}, .dead_retention = days(30)});
  EXPECT_EQ(judge_.verdict(), "an entry was lost");
}

}  // namespace
}  // namespace triggers::inbox
