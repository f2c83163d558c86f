#include "swarm/report/csv_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "swarm/report/failure_key.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// The tables as a whole are compared with Locust's own in tests/e2e/test_swarm_formats.py.

TEST(CsvTables, FailuresAreInTheOrderOfTheirKeys) {
  Statistics statistics;
  for (int i = 0; i < 20; ++i) statistics.record_failure(RequestName("GET", "/x"), "error " + std::to_string(i), 1);
  std::vector<std::string> keys;
  for (const auto& failure : statistics.failures()) keys.push_back(failure_key(failure));
  const auto first = std::min_element(keys.begin(), keys.end()), last = std::max_element(keys.begin(), keys.end());
  const std::string csv = failures_csv(statistics);
  EXPECT_THAT(
      csv, StartsWith("Method,Name,Error,Occurrences\r\nGET,/x,error " + std::to_string(first - keys.begin()) + ","));
  EXPECT_THAT(csv, EndsWith(",error " + std::to_string(last - keys.begin()) + ",1\r\n"));
}

TEST(CsvTables, ATestWithoutRequestsSaysNotAvailable) {
  const Statistics nothing{1000};
  EXPECT_THAT(stats_csv(LocustRows(nothing)),
              EndsWith("\r\n,Aggregated,0,0,0,0.0,0,0,0,0.0,0.0,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A\r\n"));
  EXPECT_THAT(history_csv_rows(LocustRows(nothing), 7, 1001.9, nullptr),
              StartsWith("1001,7,,Aggregated,0.000000,0.000000,N/A"));
}

TEST(CsvTables, TheHistoryHasARowForEachNameOnlyWhenAsked) {
  Statistics statistics{1000};
  Sample sample;
  sample.latency = 5ms;
  sample.finished = 1000.5;
  statistics.record(RequestName("GET", "GET /inbox"), sample);
  const LocustRows rows(statistics);
  RecentTimes recent;
  EXPECT_THAT(history_csv_rows(rows, 1, 1001, nullptr), StartsWith("1001,1,,Aggregated,"));
  EXPECT_THAT(history_csv_rows(rows, 1, 1001, &recent), StartsWith("1001,1,GET,GET /inbox,"));
  EXPECT_THAT(history_csv_rows(rows, 1, 1001, &recent), HasSubstr("\r\n1001,1,,Aggregated,"));
}

}  // namespace
}  // namespace triggers::swarm
