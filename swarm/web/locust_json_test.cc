#include "swarm/web/locust_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "swarm/web/chart_json.h"
#include "swarm/web/prometheus_text.h"

namespace triggers::swarm {
namespace {

using std::chrono::milliseconds;

/// A test that has counted something.
struct Counted {
  Statistics statistics{1000};
  History history;
  RunReport report;

  Counted() {
    report.statistics = &statistics;
    report.history = &history;
    report.started = 1000;
    report.ended = 1010;
  }
  void add(std::string_view name, milliseconds latency, bool failed = false) {
    const Sample sample{.latency = latency, .content_bytes = 100, .finished = 1005, .failed = failed};
    statistics.record(RequestName("GET", name), sample);
    if (failed) statistics.record_failure(RequestName("GET", name), "<b>\"no\"</b>", 1005);
  }
  [[nodiscard]] TestView view() const {
    return {.state = TestState::running, .users = 3, .test = 1, .version = 1, .report = &report};
  }
};

boost::json::object parsed(const std::string& text) { return boost::json::parse(text).as_object(); }

TEST(LocustJson, BeforeTheFirstTestThereIsOnlyTheAggregatedRow) {
  const auto json = parsed(stats_json({}));
  EXPECT_EQ(json.at("state"), "ready");
  ASSERT_EQ(json.at("stats").as_array().size(), 1U);
  EXPECT_EQ(json.at("stats").at(0).at("name"), "Aggregated");
  EXPECT_EQ(json.at("stats").at(0).at("num_requests").to_number<int>(), 0);
}

TEST(LocustJson, RowsHaveTheCountsAndLatenciesOfTheirName) {
  Counted test;
  for (int ms = 1; ms <= 100; ++ms) test.add("/a", milliseconds{ms}, ms > 90);
  const auto json = parsed(stats_json(test.view()));
  const auto& row = json.at("stats").at(0);
  EXPECT_EQ(row.at("num_requests").to_number<int>(), 100);
  EXPECT_EQ(row.at("num_failures").to_number<int>(), 10);
  EXPECT_NEAR(row.at("median_response_time").to_number<double>(), 50, 1);
  EXPECT_NEAR(row.at("response_time_percentile_0.99").to_number<double>(), 99, 1);
  EXPECT_EQ(row.at("avg_content_length").to_number<double>(), 100);
  EXPECT_EQ(json.at("fail_ratio").to_number<double>(), 0.1);
  EXPECT_EQ(json.at("errors").at(0).at("occurrences").to_number<int>(), 10);
  EXPECT_EQ(json.at("errors").at(0).at("error"), "<b>\"no\"</b>") << "as text: the page escapes it";
}

TEST(LocustJson, HasSoManyRowsAndTheSumOfAll) {
  Counted test;
  for (std::size_t i = 0; i < stats_rows_max + 5; ++i) test.add("/many/" + std::to_string(i), milliseconds{1});
  const auto json = parsed(stats_json(test.view()));
  const auto& rows = json.at("stats").as_array();
  ASSERT_EQ(rows.size(), stats_rows_max + 1);
  EXPECT_EQ(rows.back().at("num_requests").to_number<std::size_t>(), stats_rows_max + 5);
}

TEST(ChartJson, TheHistoryAndTheRecentPointsAreTheSameKind) {
  Counted test;
  Entry second;
  second.add({.latency = milliseconds{20}, .finished = 1001});
  for (int i = 0; i < 20; ++i) test.history.add(1000 + i, 1, 4, second);
  const auto history = parsed(history_json(test.view())).at("points").as_array();
  const auto recent = parsed(stats_json(test.view())).at("recent_points").as_array();
  EXPECT_EQ(history.size(), 20U);
  EXPECT_EQ(history.back(), recent.back());
  EXPECT_EQ(history.back().at(0).to_number<double>(), 1020);
  EXPECT_EQ(history.back().at(1).to_number<double>(), 1);
  EXPECT_NEAR(history.back().at(4).to_number<double>(), 20, 0.2);
  EXPECT_EQ(history.back().at(6).to_number<double>(), 4);
}

TEST(ChartJson, EveryRequestIsInOneStepOfTheDistribution) {
  Counted test;
  for (int ms = 1; ms <= 1000; ms *= 10) test.add("/b", milliseconds{ms});
  const auto json = parsed(latencies_json(test.view()));
  int count = 0;
  for (const auto& bucket : json.at("buckets").as_array()) {
    EXPECT_LT(bucket.at("from").to_number<double>(), bucket.at("to").to_number<double>());
    count += bucket.at("count").to_number<int>();
  }
  EXPECT_EQ(count, 4);
}

TEST(PrometheusText, EscapesNamesAndAccumulatesBuckets) {
  Counted test;
  test.add("/a\"b\\c\n", milliseconds{3});
  test.add("/a\"b\\c\n", milliseconds{700});
  const std::string text = prometheus_text(test.view());
  const std::string labels = R"(method="GET",name="/a\"b\\c\n")";
  EXPECT_NE(text.find("swarm_requests_total{" + labels + "} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("_bucket{" + labels + ",le=\"0.0025\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("_bucket{" + labels + ",le=\"0.005\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("_bucket{" + labels + ",le=\"1\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("_bucket{" + labels + ",le=\"+Inf\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("_sum{" + labels + "} 0.703\n"), std::string::npos);
  EXPECT_NE(text.find("swarm_state{state=\"running\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace triggers::swarm
