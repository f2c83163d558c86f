#include "swarm/report/csv_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "swarm/report/test_folder.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const RequestName name("GET", "GET /inbox");

class CsvFilesTest : public testing::Test {
 protected:
  void request(EpochSeconds when) {
    Sample sample;
    sample.latency = 5ms;
    sample.finished = when;
    statistics_.record(name, sample);
  }
  [[nodiscard]] std::string content(const std::string& suffix) const {
    std::ostringstream text;
    text << std::ifstream(prefix_ + suffix, std::ios::binary).rdbuf();
    return text.str();
  }
  [[nodiscard]] std::ptrdiff_t lines(const std::string& suffix) const {
    const std::string text = content(suffix);
    return std::count(text.begin(), text.end(), '\n');
  }

  TestFolder scratch_;
  std::string prefix_ = scratch_ / "results/of/today/run";
  Statistics statistics_{1000};
};

TEST_F(CsvFilesTest, MakesItsFolderAndFiveFilesWithHeaders) {
  ASSERT_TRUE(CsvFiles::create(prefix_, false).ok());
  EXPECT_THAT(content("_stats.csv"), testing::StartsWith("Type,Name,Request Count,"));
  EXPECT_THAT(content("_stats_history.csv"), testing::StartsWith("Timestamp,User Count,"));
  EXPECT_EQ(content("_failures.csv"), "Method,Name,Error,Occurrences\r\n");
  EXPECT_EQ(content("_exceptions.csv"), "Count,Message,Traceback,Nodes\r\n");
  EXPECT_THAT(content("_cut_off.csv"), testing::StartsWith("Type,Name,Request Count,Cut Off Count,"));
  EXPECT_EQ(lines("_cut_off.csv"), 1) << "an earlier run's is emptied";
}

TEST_F(CsvFilesTest, TheHistoryGrowsAndTheRestIsReplaced) {
  auto files = CsvFiles::create(prefix_, false);
  for (int second = 1; second <= 5; ++second) {
    request(999.5 + second);
    ASSERT_TRUE(files->write(statistics_, 1, 1000 + second).ok());
  }
  EXPECT_EQ(lines("_stats_history.csv"), 6);
  EXPECT_EQ(lines("_stats.csv"), 3);
  EXPECT_THAT(content("_stats.csv"), HasSubstr("GET,GET /inbox,5,"));
}

TEST_F(CsvFilesTest, TheLastRequestIsNotLost) {
  auto files = CsvFiles::create(prefix_, true);
  request(1000.5);
  ASSERT_TRUE(files->write(statistics_, 1, 1001).ok());
  request(1001.2);
  statistics_.record_failure(name, "the last", 1001.2);
  ASSERT_TRUE(files->finish(statistics_, 0, 1001.3).ok());
  EXPECT_THAT(content("_stats.csv"), HasSubstr(",Aggregated,2,"));
  EXPECT_THAT(content("_stats_history.csv"), testing::EndsWith(",2,0,5,5.0,5.0,5.0,0.0\r\n"));
  EXPECT_THAT(content("_failures.csv"), HasSubstr("the last,1\r\n"));
}

TEST_F(CsvFilesTest, AFullDiskIsReportedOnceAndAgainAtTheEnd) {
  std::filesystem::create_directories(scratch_ / "results/of/today");
  auto files = CsvFiles::create(prefix_, false);
  ASSERT_TRUE(files.ok());
  // From here on the table cannot be replaced: a folder is in the way.
  std::filesystem::remove(prefix_ + "_stats.csv");
  std::filesystem::create_directories(prefix_ + "_stats.csv/in the way");
  request(1000.5);
  const Status first = files->write(statistics_, 1, 1001);
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().code, ErrorCode::unavailable);
  EXPECT_THAT(first.error().message, HasSubstr("run_stats.csv"));
  EXPECT_TRUE(files->write(statistics_, 1, 1002).ok());
  EXPECT_FALSE(files->finish(statistics_, 1, 1003).ok());
  EXPECT_EQ(lines("_stats_history.csv"), 4) << "the other files go on";

  std::filesystem::remove_all(prefix_ + "_stats.csv");
  EXPECT_TRUE(files->finish(statistics_, 1, 1004).ok());
  EXPECT_THAT(content("_stats.csv"), HasSubstr(",Aggregated,1,"));
}

TEST_F(CsvFilesTest, AFullDeviceIsAnErrorFromTheStart) {
  std::filesystem::create_symlink("/dev/full", scratch_ / "run_stats_history.csv");
  const auto files = CsvFiles::create(scratch_ / "run", false);
  ASSERT_FALSE(files.ok());
  EXPECT_THAT(files.error().message, HasSubstr("No space left on device"));
}

TEST_F(CsvFilesTest, AFolderThatCannotBeMadeIsAnError) {
  std::ofstream(scratch_ / "results") << "a file";
  const auto files = CsvFiles::create(prefix_, false);
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().code, ErrorCode::unavailable);
  EXPECT_THAT(files.error().message, HasSubstr("results"));
}

}  // namespace
}  // namespace triggers::swarm
