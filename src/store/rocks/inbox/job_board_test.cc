#include "store/rocks/inbox/job_board.h"

#include <gtest/gtest.h>

namespace triggers::store {
namespace {

UnixMillis at(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

JobRecord job(unsigned char id, Job::State state = Job::State::running) {
  JobRecord record;
  record.job.id.bytes.fill(id);
  record.job.state = state;
  if (state != Job::State::running) record.job.ended_at = at(id);
  return record;
}

class JobBoardTest : public testing::Test {
 protected:
  void put(const std::shared_ptr<InboxState>& inbox, const JobRecord& record) {
    board.reserve(inbox, {}, 1);
    board.put(*inbox, record);
  }
  std::size_t old_at(std::int64_t ms) {
    std::size_t count = 0;
    for (const auto& ended : board.ended_by(at(ms))) count += ended.jobs.size();
    return count;
  }

  JobBoard board;
  const std::shared_ptr<InboxState> one = std::make_shared<InboxState>("acme", "default");
  const std::shared_ptr<InboxState> other = std::make_shared<InboxState>("zeta", "default");
};

TEST_F(JobBoardTest, KnowsWhichJobsRun) {
  EXPECT_TRUE(board.running().empty());
  put(one, job(1, Job::State::done));
  put(one, job(2));
  put(other, job(3));
  EXPECT_TRUE(board.runs(*one));
  EXPECT_EQ(board.running_count(), 2U);
  ASSERT_EQ(board.running().size(), 2U);
  EXPECT_EQ(board.running()[0].record, job(2));
  EXPECT_EQ(board.newest(), job(3).job.id);
  put(one, job(2, Job::State::failed));
  EXPECT_FALSE(board.runs(*one));
  ASSERT_EQ(board.running().size(), 1U);
  EXPECT_EQ(board.running()[0].inbox, other);
}

TEST_F(JobBoardTest, KeepsTheJobsOfAnInboxOldestFirst) {
  for (const unsigned char id : {2, 1, 3}) put(one, job(id, Job::State::done));
  put(one, job(2, Job::State::failed));
  EXPECT_EQ(board.jobs(*one),
            (std::vector{job(1, Job::State::done), job(2, Job::State::failed), job(3, Job::State::done)}));
  EXPECT_TRUE(board.jobs(*other).empty());
  EXPECT_FALSE(board.find(*other, job(2).job.id));
  EXPECT_EQ(old_at(2), 2U);
  board.remove(*one, job(2).job.id);
  EXPECT_FALSE(board.find(*one, job(2).job.id));
  EXPECT_EQ(old_at(2), 1U);
}

TEST_F(JobBoardTest, JobsOfARemovedInboxRunNoMoreAndAreForgottenWithIt) {
  put(one, job(1, Job::State::done));
  put(one, job(2));
  board.stop(*one);
  EXPECT_EQ(board.running_count(), 0U);
  EXPECT_FALSE(board.runs(*one));
  EXPECT_EQ(board.jobs(*one).size(), 2U) << "what is stored of them is removed with the inbox";
  EXPECT_EQ(old_at(10), 0U);
  board.forget(*one);
  EXPECT_TRUE(board.jobs(*one).empty());
  EXPECT_EQ(one.use_count(), 1);
}

}  // namespace
}  // namespace triggers::store
