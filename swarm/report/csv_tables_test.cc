#include "swarm/report/csv_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "swarm/report/csv_text.h"
#include "swarm/report/failure_key.h"
#include "swarm/report/python_repr.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// The tables as a whole are compared with Locust's own in tests/e2e/test_swarm_formats.py.

TEST(PythonRepr, IsWhatPythonPrints) {
  const std::vector<std::pair<double, std::string>> known{{0.0, "0.0"},
                                                          {-0.0, "-0.0"},
                                                          {1, "1.0"},
                                                          {-2.5, "-2.5"},
                                                          {0.1, "0.1"},
                                                          {0.1 + 0.2, "0.30000000000000004"},
                                                          {151.51369800003067, "151.51369800003067"},
                                                          {100.0 / 3, "33.333333333333336"},
                                                          {1e15, "1000000000000000.0"},
                                                          {9999999999999998.0, "9999999999999998.0"},
                                                          {1e16, "1e+16"},
                                                          {1.5e16, "1.5e+16"},
                                                          {1e22, "1e+22"},
                                                          {1e100, "1e+100"},
                                                          {0.0001, "0.0001"},
                                                          {0.00012345, "0.00012345"},
                                                          {0.00001, "1e-05"},
                                                          {1.25e-7, "1.25e-07"},
                                                          {5e-324, "5e-324"},
                                                          {std::numeric_limits<double>::infinity(), "inf"},
                                                          {-std::numeric_limits<double>::infinity(), "-inf"},
                                                          {std::numeric_limits<double>::quiet_NaN(), "nan"}};
  for (const auto& [value, text] : known) EXPECT_EQ(python_repr(value), text);
}

TEST(CsvText, OnlyAFieldThatNeedsQuotesHasThem) {
  const std::array<std::string, 7> fields{"plain", "", "a b", "a,b", "say \"hello\"", "two\nlines", "' ; \t"};
  std::string line;
  append_csv_line(line, fields);
  EXPECT_EQ(line, "plain,,a b,\"a,b\",\"say \"\"hello\"\"\",\"two\nlines\",' ; \t\r\n");
}

TEST(FailureKey, IsLocustsDigestOfMethodNameAndText) {
  // hashlib.sha256(("GET./x." + repr("ConnectionRefusedError(111, 'Connection refused')")).encode()).hexdigest()
  EXPECT_EQ(failure_key({"GET", "/x", "ConnectionRefusedError(111, 'Connection refused')"}),
            "b77a41d6a64f0ece17179c1f925942f68be966ea3bfb0ce42f62012e9cf1bb25");
}

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
