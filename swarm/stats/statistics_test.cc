#include "swarm/stats/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

const RequestName post("POST", "POST /events");
const RequestName inbox("GET", "GET /inbox");

/// Statistics that began at second 1000, and verbs to fill them.
class StatisticsTest : public testing::Test {
 protected:
  static void answer(Statistics& into, RequestName name, std::chrono::nanoseconds latency, EpochSeconds when,
                     std::uint32_t accepted = 0) {
    Sample sample;
    sample.latency = latency;
    sample.content_bytes = 100;
    sample.finished = when;
    sample.accepted = accepted;
    into.record(name, sample);
  }
  static void fail(Statistics& into, RequestName name, const std::string& error, EpochSeconds when) {
    Sample sample;
    sample.latency = 1ms;
    sample.finished = when;
    sample.failed = true;
    into.record(name, sample);
    into.record_failure(name, error, when);
  }

  Statistics statistics_{1000};
};

TEST_F(StatisticsTest, AnEntryKnowsWhatItsRequestsWere) {
  answer(statistics_, post, 12ms, 1001.5, 1);
  answer(statistics_, post, 4ms, 1002.25, 1);
  fail(statistics_, post, "no", 1002.5);
  const Entry* const entry = statistics_.find(post);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->requests, 3U);
  EXPECT_EQ(entry->failures, 1U);
  EXPECT_EQ(entry->accepted, 2U);
  EXPECT_EQ(entry->response_ms_min, 1);
  EXPECT_EQ(entry->response_ms_max, 12);
  EXPECT_EQ(entry->response_ms_total, 17);
  EXPECT_DOUBLE_EQ(entry->response_ms_mean(), 17.0 / 3);
  EXPECT_EQ(entry->content_bytes_total, 200U);
  EXPECT_EQ(entry->last_finished, 1002.5);
  EXPECT_EQ(entry->latencies.count(), 3U);
  EXPECT_EQ(entry->locust_times.percentile(1), 12U);
  EXPECT_EQ(entry->requests_by_second.sum(1002, 1002), 2U);
  EXPECT_EQ(entry->failures_by_second.sum(0, 2000), 1U);
}

TEST_F(StatisticsTest, ALatencyIsNeverOutsideOfWhatWasMeasured) {
  answer(statistics_, post, 17'809'123ns, 1001);
  for (const double quantile : {0.0, 0.5, 1.0}) EXPECT_EQ(statistics_.find(post)->latency_ms(quantile), 17.809123);
  EXPECT_EQ(Entry{}.latency_ms(0.5), 0);
  EXPECT_EQ(Entry{}.response_ms_mean(), 0);
}

TEST_F(StatisticsTest, ANameWithoutRequestsHasNoRow) {
  answer(statistics_, inbox, 1ms, 1001);
  EXPECT_EQ(statistics_.find(RequestName("GET", "GET /never")), nullptr);
  EXPECT_EQ(Statistics{}.find(inbox), nullptr);
  EXPECT_THAT(statistics_.rows(), ElementsAre(Field(&Statistics::Row::name, "GET /inbox")));
}

TEST_F(StatisticsTest, RowsAreSortedByNameThenMethod) {
  for (const RequestName name : {RequestName("PUT", "b"), RequestName("GET", "b"), RequestName("POST", "\u00e9"),
                                 RequestName("POST", "a"), RequestName("GET", "B")}) {
    answer(statistics_, name, 1ms, 1001);
  }
  std::vector<std::string> order;
  for (const auto& row : statistics_.rows()) order.push_back(row.method + " " + row.name);
  EXPECT_THAT(order, ElementsAre("GET B", "POST a", "GET b", "PUT b", "POST \u00e9"));
}

TEST_F(StatisticsTest, WhatWasLimitedIsCountedApart) {
  answer(statistics_, post, 5ms, 1001, 1);
  answer(statistics_, post.limited(), 1ms, 1001);
  answer(statistics_, post.limited(), 1ms, 1001);
  EXPECT_EQ(statistics_.limited_requests(), 2U);
  EXPECT_EQ(statistics_.find(post)->requests, 1U);
  EXPECT_EQ(statistics_.aggregated().requests, 3U);
  EXPECT_EQ(statistics_.aggregated().accepted, 1U);
}

TEST_F(StatisticsTest, MergedDeltasAreTheSameAsOneCount) {
  Statistics whole{1000}, merged{1000};
  for (int second = 1000; second < 1030; ++second) {
    Statistics delta;
    for (Statistics* into : {&whole, &delta}) {
      for (int i = 0; i < 20; ++i) {
        answer(*into, i % 3 == 0 ? inbox : post, std::chrono::microseconds{137 * i * second}, second + i / 20.0, 1);
      }
      fail(*into, post, second % 2 == 0 ? "even" : "odd", second + 0.99);
      into->record_exception("oops", "somewhere");
    }
    merged.merge(delta);
  }
  EXPECT_EQ(merged.start(), 1000);
  for (const RequestName name : {post, inbox}) {
    const Entry &one = *whole.find(name), &other = *merged.find(name);
    EXPECT_EQ(one.requests, other.requests);
    EXPECT_EQ(one.failures, other.failures);
    EXPECT_EQ(one.accepted, other.accepted);
    EXPECT_NEAR(one.response_ms_total, other.response_ms_total, 1e-6);
    EXPECT_EQ(one.response_ms_min, other.response_ms_min);
    EXPECT_EQ(one.response_ms_max, other.response_ms_max);
    EXPECT_EQ(one.content_bytes_total, other.content_bytes_total);
    EXPECT_EQ(one.last_finished, other.last_finished);
    EXPECT_EQ(one.latency_ms(0.7), other.latency_ms(0.7));
    EXPECT_EQ(one.locust_times.buckets(), other.locust_times.buckets());
    EXPECT_EQ(one.requests_by_second.by_second(), other.requests_by_second.by_second());
    EXPECT_EQ(one.failures_by_second.by_second(), other.failures_by_second.by_second());
  }
  ASSERT_THAT(merged.failures(), SizeIs(2));
  EXPECT_EQ(merged.failures()[0].occurrences, 15U);
  EXPECT_EQ(merged.failures()[0].first_seen, 1000.99);
  EXPECT_EQ(merged.failures()[0].last_seen, 1028.99);
  ASSERT_THAT(merged.exceptions(), SizeIs(1));
  EXPECT_EQ(merged.exceptions()[0].count, 30U);
}

TEST_F(StatisticsTest, AnIntervalWithoutRequestsDoesNotTouchTheMinimum) {
  answer(statistics_, post, 7ms, 1001);
  statistics_.merge(Statistics{});
  Statistics of_others;
  answer(of_others, inbox, 3ms, 1002);
  statistics_.merge(of_others);
  EXPECT_EQ(statistics_.find(post)->response_ms_min, 7);
  EXPECT_EQ(statistics_.aggregated().response_ms_min, 3);
  EXPECT_EQ(statistics_.aggregated().last_finished, 1002);
}

TEST_F(StatisticsTest, FailuresAreToldApartByMethodNameAndText) {
  fail(statistics_, post, "b", 1001);
  fail(statistics_, inbox, "b", 1002);
  fail(statistics_, post, "a", 1003);
  fail(statistics_, post, "b", 1004);
  EXPECT_THAT(statistics_.failures(), ElementsAre(Field(&Failure::occurrences, 2), Field(&Failure::occurrences, 1),
                                                  Field(&Failure::error, "a")));
}

TEST_F(StatisticsTest, EndlessErrorTextsAreBounded) {
  constexpr std::size_t texts = Statistics::distinct_errors_max + 500;
  for (std::size_t i = 0; i < texts; ++i) {
    fail(statistics_, i % 2 == 0 ? post : inbox, "error " + std::to_string(i), 1001);
    statistics_.record_exception("exception " + std::to_string(i), "there");
  }
  EXPECT_THAT(statistics_.failures(), SizeIs(Statistics::distinct_errors_max + 2));
  EXPECT_THAT(statistics_.exceptions(), SizeIs(Statistics::distinct_errors_max + 1));
  std::uint64_t failures = 0, exceptions = 0;
  for (const auto& failure : statistics_.failures()) failures += failure.occurrences;
  for (const auto& exception : statistics_.exceptions()) exceptions += exception.count;
  EXPECT_EQ(failures, texts);
  EXPECT_EQ(exceptions, texts);
  Statistics merged;
  merged.merge(statistics_);
  merged.merge(statistics_);
  EXPECT_THAT(merged.failures(), SizeIs(Statistics::distinct_errors_max + 2));
  EXPECT_EQ(merged.failures().back().error, Statistics::other_errors);
}

TEST_F(StatisticsTest, WhatWasCutOffIsNoRequestAndIsMergedByName) {
  statistics_.record_cut_off(post, 2s);
  Statistics newer;
  newer.record_cut_off(post, 3s);
  newer.record_cut_off(inbox, 1s);
  statistics_.merge(newer);
  EXPECT_EQ(statistics_.aggregated().requests, 0U);
  EXPECT_EQ(statistics_.cut_off().requests(), 3U);
  EXPECT_EQ(statistics_.cut_off().oldest, 3s);
  const auto rows = statistics_.cut_off_rows();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].name, "GET /inbox");
  EXPECT_EQ(rows[1].cut_off->requests(), 2U);
}

TEST_F(StatisticsTest, OfALongErrorTextTheBeginningIsKept) {
  const std::string long_text = std::string(Statistics::error_bytes_max - 1, 'x') + "é and more";
  fail(statistics_, post, long_text, 1001);
  fail(statistics_, post, long_text + " still", 1002);
  ASSERT_THAT(statistics_.failures(), SizeIs(1));
  EXPECT_EQ(statistics_.failures().front().error, std::string(Statistics::error_bytes_max - 1, 'x'));
  EXPECT_EQ(statistics_.failures().front().occurrences, 2U);
  statistics_.record_exception(std::string(1'000'000, 'm'), std::string(1'000'000, 't'));
  EXPECT_THAT(statistics_.exceptions().front().message, SizeIs(Statistics::error_bytes_max));
  EXPECT_THAT(statistics_.exceptions().front().traceback, SizeIs(Statistics::error_bytes_max));
}

TEST_F(StatisticsTest, TotalRatesAreOverTheTimeToTheLastRequestOfAll) {
  for (int i = 0; i < 30; ++i) answer(statistics_, post, 1ms, 1000 + i * 0.1, 2);
  fail(statistics_, inbox, "no", 1010);
  const Entry all = statistics_.aggregated();
  EXPECT_DOUBLE_EQ(total_rates(*statistics_.find(post), all, statistics_.start()).requests_per_second, 3);
  EXPECT_DOUBLE_EQ(total_rates(*statistics_.find(inbox), all, statistics_.start()).failures_per_second, 0.1);
  EXPECT_DOUBLE_EQ(accepted_per_second(all, 20), 3);
  EXPECT_DOUBLE_EQ(rates_over(all, 20).requests_per_second, 1.55);
  EXPECT_DOUBLE_EQ(rates_over(all, 20).failures_per_second, 0.05);
}

TEST_F(StatisticsTest, CurrentRatesAreOfTheTenSecondsThatEndedTwoSecondsBeforeTheLast) {
  for (int second = 1000; second <= 1030; ++second) {
    for (int i = 0; i < second - 999; ++i) answer(statistics_, post, 1ms, second + 0.5);
  }
  const Entry all = statistics_.aggregated();
  // Of 1018 to 1027: 19 to 28 requests.
  EXPECT_DOUBLE_EQ(current_rates(all, all, statistics_.start()).requests_per_second, 23.5);
  EXPECT_DOUBLE_EQ(current_rates(all, all, 1026.2).requests_per_second, 27.5);
  EXPECT_DOUBLE_EQ(current_rates(all, all, 1028).requests_per_second, 0);
}

TEST_F(StatisticsTest, RatesOfNothingAreZero) {
  EXPECT_EQ(total_rates({}, {}, 1000).requests_per_second, 0);
  EXPECT_EQ(current_rates({}, {}, 1000).requests_per_second, 0);
  EXPECT_EQ(accepted_per_second({}, 0), 0);
  answer(statistics_, post, 1ms, 1000);
  const Entry all = statistics_.aggregated();
  EXPECT_EQ(total_rates(all, all, statistics_.start()).requests_per_second, 0);
}

TEST(Metrics, MergeAndHaveALimitOfNames) {
  Statistics one, other;
  one.record_metric("a", 1);
  other.record_metric("a", 4);
  other.record_metric("b", -1);
  one.merge(other);
  EXPECT_EQ(one.metrics().all().at("a").count, 2U);
  EXPECT_EQ(one.metrics().all().at("a").mean(), 2.5);
  EXPECT_EQ(one.metrics().all().at("b").most, -1);
  for (std::size_t i = 0; i < 2 * Metrics::names_max; ++i) one.record_metric(std::to_string(i), 1);
  EXPECT_EQ(one.metrics().all().size(), Metrics::names_max + 1);
  EXPECT_EQ(one.metrics().all().at("(other names)").count, Metrics::names_max + 2);
}

}  // namespace
}  // namespace triggers::swarm
