#include "swarm/report/cut_off_csv.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

TEST(CutOffCsv, HasARowForEachNameAndOneForAll) {
  const RequestName posts("POST", "POST /events");
  Statistics statistics{1000};
  for (int i = 0; i < 1000; ++i) statistics.record(posts, {.latency = 1ms, .finished = 1002});
  statistics.record(RequestName("GET", "GET /inbox"), {.latency = 1ms, .finished = 1002});
  statistics.record_cut_off(posts, 2ms);
  statistics.record_cut_off(posts, 4s);
  RunReport report;
  report.statistics = &statistics;
  report.ended = 1010;
  report.rate = 100;  // Each stands for itself.
  EXPECT_EQ(cut_off_csv(report),
            "Type,Name,Request Count,Cut Off Count,Longest Wait,Stalled Count,Missing Count\r\n"
            "GET,GET /inbox,1,0,0.000,0,0\r\n"
            "POST,POST /events,1000,2,4000.000,1,1\r\n"
            ",Aggregated,1001,2,4000.000,1,1\r\n");
}

TEST(CutOffCsv, HasARowForANameOfWhichNoRequestEnded) {
  Statistics statistics{1000};
  statistics.record_cut_off(RequestName("GET", "/a"), 5ms);
  RunReport report;
  report.statistics = &statistics;
  report.ended = 1010;
  EXPECT_EQ(cut_off_csv(report),
            "Type,Name,Request Count,Cut Off Count,Longest Wait,Stalled Count,Missing Count\r\n"
            "GET,/a,0,1,5.000,0,0\r\n"
            ",Aggregated,0,1,5.000,0,0\r\n");
}

TEST(CutOffCsv, TellsMethodsOfOneNameApart) {
  Statistics statistics{1000};
  for (const char* const method : {"GET", "PUT"}) {
    statistics.record(RequestName(method, "/a"), {.latency = 1ms, .finished = 1002});
    statistics.record_cut_off(RequestName(method, "/a"), 5ms);
  }
  RunReport report;
  report.statistics = &statistics;
  report.ended = 1010;
  EXPECT_EQ(cut_off_csv(report),
            "Type,Name,Request Count,Cut Off Count,Longest Wait,Stalled Count,Missing Count\r\n"
            "GET,/a,1,1,5.000,0,0\r\n"
            "PUT,/a,1,1,5.000,0,0\r\n"
            ",Aggregated,2,2,5.000,0,0\r\n");
}

}  // namespace
}  // namespace triggers::swarm
