#include "swarm/report/json_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> keys(const boost::json::value& object) {
  std::vector<std::string> names;
  for (const auto& member : object.as_object()) names.emplace_back(member.key());
  return names;
}

class JsonReportTest : public testing::Test {
 protected:
  JsonReportTest() {
    report_.host = "http://localhost:8000";
    report_.user_classes = {"TriggersAPIUser", "HighThroughputUser"};
    report_.users = {3, 1};
    report_.started = 1000;
    report_.ended = 1010.5;
    report_.processor_time = 5250ms;
    report_.busiest_thread = 0.5;
    report_.statistics = &statistics_;
  }
  void request(RequestName name, std::chrono::nanoseconds latency, std::uint32_t accepted, bool failed = false) {
    Sample sample;
    sample.latency = latency;
    sample.finished = 1010;
    sample.accepted = accepted;
    sample.failed = failed;
    statistics_.record(name, sample);
  }
  [[nodiscard]] boost::json::value document() const { return boost::json::parse(render_json(report_)); }

  Statistics statistics_{1000};
  RunReport report_;
};

const RequestName post("POST", "POST /events");
const RequestName inbox("GET", "GET /inbox");

TEST_F(JsonReportTest, KeysAreInTheOrderOfTheDescription) {
  request(post, 5ms, 1);
  statistics_.record_failure(post, "no", 1001);
  statistics_.record_exception("oops", "there");
  statistics_.record_metric("items", 2);
  const auto json = document();
  const std::vector<std::string> figures{"requests",
                                         "failures",
                                         "accepted",
                                         "rate_limited",
                                         "requests_per_second",
                                         "failures_per_second",
                                         "accepted_per_second",
                                         "latency_ms"};
  std::vector<std::string> of_name{"method", "name"};
  of_name.insert(of_name.end(), figures.begin(), figures.end());
  EXPECT_THAT(keys(json), ElementsAre("run", "total", "names", "failures", "exceptions", "metrics"));
  EXPECT_THAT(keys(json.at("run")),
              ElementsAre("host", "user_classes", "users", "started", "ended", "seconds", "model", "rate", "arrivals",
                          "stages", "iterations", "warm_up", "schedule", "cut_off", "cpu", "generator", "warnings"));
  EXPECT_EQ(keys(json.at("total")), figures);
  EXPECT_EQ(keys(json.at("names").at(0)), of_name);
  EXPECT_THAT(keys(json.at("total").at("latency_ms")),
              ElementsAre("min", "mean", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max"));
  EXPECT_THAT(keys(json.at("failures").at(0)),
              ElementsAre("method", "name", "error", "occurrences", "first_seen", "last_seen"));
  EXPECT_THAT(keys(json.at("exceptions").at(0)), ElementsAre("message", "traceback", "count"));
  EXPECT_THAT(keys(json.at("metrics").at(0)), ElementsAre("name", "count", "mean", "min", "max"));
}

TEST_F(JsonReportTest, SaysWhatEachNameDidAndAllTogether) {
  for (int i = 0; i < 30; ++i) request(post, 5ms, 2);
  for (int i = 0; i < 10; ++i) request(post.limited(), 1ms, 0);
  for (int i = 0; i < 20; ++i) request(inbox, 10ms, 0, i < 5);
  report_.ended = 1020;  // ten seconds after the last answer: they count
  const auto json = document();
  const auto& names = json.at("names").as_array();
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(names[0].at("name"), "429 /events (POST)");
  EXPECT_EQ(names[0].at("accepted"), 0);
  EXPECT_EQ(names[0].at("rate_limited"), 10);
  EXPECT_EQ(names[1].at("name"), "GET /inbox");
  EXPECT_EQ(names[1].at("failures"), 5);
  EXPECT_EQ(names[2].at("name"), "POST /events");
  EXPECT_EQ(names[2].at("accepted"), 60);
  EXPECT_EQ(names[2].at("requests_per_second"), 1.5);
  EXPECT_EQ(names[2].at("accepted_per_second"), 3);
  EXPECT_EQ(names[2].at("rate_limited"), 0);
  EXPECT_EQ(json.at("total").at("requests"), 60);
  EXPECT_EQ(json.at("total").at("failures"), 5);
  EXPECT_EQ(json.at("total").at("accepted"), 60);
  EXPECT_EQ(json.at("total").at("rate_limited"), 10);
  EXPECT_EQ(json.at("total").at("failures_per_second").to_number<double>(), 0.25);
}

TEST_F(JsonReportTest, SaysWhatWasCutOffAtTheEnd) {
  statistics_.record_cut_off(post, 1500ms);
  statistics_.record_cut_off(post, 2500ms);
  const auto json = document();
  const auto& cut_off = json.at("run").at("cut_off");
  EXPECT_EQ(cut_off.at("requests"), 2);
  EXPECT_EQ(cut_off.at("oldest_ms"), 2500);
  EXPECT_EQ(cut_off.at("stalled").at("limit_ms"), 1000);
  EXPECT_EQ(cut_off.at("stalled").at("requests"), 2);
  EXPECT_EQ(cut_off.at("stalled").at("error_rate_percent"), 100);
  EXPECT_EQ(cut_off.at("names").at(0).at("name"), "POST /events");
  EXPECT_EQ(json.at("total").at("requests"), 0);
}

TEST_F(JsonReportTest, LatenciesAreNotRoundedToLocustsBuckets) {
  request(post, 151'513'698ns, 1);
  request(post, 1'234ns, 1);
  const auto json = document();
  const auto& latency = json.at("total").at("latency_ms");
  EXPECT_EQ(latency.at("min").to_number<double>(), 0.001234);
  EXPECT_EQ(latency.at("max").to_number<double>(), 151.513698);
  EXPECT_EQ(latency.at("mean").to_number<double>(), 75.757466);
  EXPECT_NEAR(latency.at("p50").to_number<double>(), 0.001234, 0.00001);
  EXPECT_NEAR(latency.at("p99").to_number<double>(), 151.5, 1.5);
}

TEST_F(JsonReportTest, WithoutRequestsThereIsNoLatencyThatAGateCouldPass) {
  const auto json = document();
  EXPECT_TRUE(json.at("total").at("latency_ms").is_null());
  EXPECT_EQ(json.at("total").at("requests"), 0);
  EXPECT_THAT(json.at("names").as_array(), IsEmpty());
}

TEST_F(JsonReportTest, SaysHowTheTestRan) {
  report_.warnings = {"the generator was the bottleneck"};
  auto json = document();
  EXPECT_EQ(json.at("run").at("host"), "http://localhost:8000");
  EXPECT_EQ(json.at("run").at("users").at("TriggersAPIUser"), 3);
  EXPECT_EQ(json.at("run").at("started"), "1970-01-01T00:16:40.000Z");
  EXPECT_EQ(json.at("run").at("seconds").to_number<double>(), 10.5);
  EXPECT_EQ(json.at("run").at("model"), "closed");
  EXPECT_TRUE(json.at("run").at("rate").is_null());
  EXPECT_TRUE(json.at("run").at("schedule").is_null());
  EXPECT_EQ(json.at("run").at("cpu").at("cores").to_number<double>(), 0.5);
  EXPECT_EQ(json.at("run").at("warnings").at(0), "the generator was the bottleneck");

  report_.rate = 1000;
  report_.schedule.arrivals = 12;
  report_.schedule.lateness.add(2s);
  json = document();
  EXPECT_EQ(json.at("run").at("model"), "open");
  EXPECT_EQ(json.at("run").at("rate"), 1000);
  EXPECT_EQ(json.at("run").at("schedule").at("arrivals"), 12);
  EXPECT_NEAR(json.at("run").at("schedule").at("lateness_ms").at("p99").to_number<double>(), 2000, 20);
}

TEST_F(JsonReportTest, WhatServersSaidCannotBreakIt) {
  request(post, 1ms, 0, true);
  statistics_.record_failure(post, "\"quoted\"\n\x01 and \xff no UTF-8", 1001);
  EXPECT_EQ(document().at("failures").at(0).at("error"), "\"quoted\"\n\x01 and \xef\xbf\xbd no UTF-8");
}

}  // namespace
}  // namespace triggers::swarm
