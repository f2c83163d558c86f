#include "metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <sstream>
#include <thread>

namespace triggers::metrics {
namespace {

using testing::HasSubstr;

/// The value of the sample that begins with `sample` (name and labels); NaN if there is none.
double sample(const std::string& exposition, const std::string& wanted) {
  std::istringstream lines(exposition);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(wanted + " ")) return std::stod(line.substr(wanted.size() + 1));
  }
  return std::numeric_limits<double>::quiet_NaN();
}

template <class Work>
void on_threads(int count, Work work) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
}

TEST(Counter, CountsEveryAddOfEveryThread) {
  Registry registry;
  auto& counter = registry.counter("triggers_test_total", "Tests.");
  on_threads(12, [&] {
    for (int i = 0; i < 10'000; ++i) counter.add();
  });
  counter.add(5);
  EXPECT_EQ(counter.value(), 120'005U);
  EXPECT_EQ(sample(registry.exposition(), "triggers_test_total"), 120'005);
}

TEST(Counter, LargeValueKeepsItsDigits) {
  Registry registry;
  registry.counter("triggers_test_total", "Tests.").add(9'007'199'254'740'991);
  EXPECT_EQ(sample(registry.exposition(), "triggers_test_total"), 9'007'199'254'740'991.0);
}

TEST(Gauge, IncreasesAndDecreases) {
  Registry registry;
  auto& gauge = registry.gauge("triggers_depth", "Depth.");
  gauge.set(10);
  on_threads(4, [&] {
    for (int i = 0; i < 1000; ++i) {
      gauge.add(2);
      gauge.add(-1);
    }
  });
  EXPECT_EQ(gauge.value(), 4010);
}

TEST(Histogram, BoundIsInclusiveAndBucketsAreCumulative) {
  Registry registry;
  constexpr std::array bounds{0.1, 1.0};
  auto& histogram = registry.histogram("triggers_wait_seconds", "Wait.", bounds, {{"route", "/events"}});
  for (const double value : {0.05, 0.1, 0.5, 1.0, 7.0}) histogram.observe(value);
  const auto text = registry.exposition();
  EXPECT_EQ(sample(text, "triggers_wait_seconds_bucket{route=\"/events\",le=\"0.1\"}"), 2) << text;
  EXPECT_EQ(sample(text, "triggers_wait_seconds_bucket{route=\"/events\",le=\"1\"}"), 4);
  EXPECT_EQ(sample(text, "triggers_wait_seconds_bucket{route=\"/events\",le=\"+Inf\"}"), 5);
  EXPECT_EQ(sample(text, "triggers_wait_seconds_count{route=\"/events\"}"), 5);
  EXPECT_DOUBLE_EQ(sample(text, "triggers_wait_seconds_sum{route=\"/events\"}"), 8.65);
}

TEST(Histogram, NanAndNegativeValuesAreCountedAndSpoilNothing) {
  Histogram histogram(duration_bounds_seconds());
  histogram.observe(std::numeric_limits<double>::quiet_NaN());
  histogram.observe(-1);
  const auto snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.counts.back(), 1U);
  EXPECT_EQ(snapshot.counts.front(), 1U);
  EXPECT_EQ(snapshot.sum, -1);
}

TEST(Histogram, CountsEveryObservationOfEveryThread) {
  Histogram histogram(size_bounds());
  on_threads(12, [&] {
    for (int i = 0; i < 5000; ++i) histogram.observe(3);
  });
  const auto snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.count, 60'000U);
  EXPECT_EQ(snapshot.counts[2], 60'000U);
  EXPECT_EQ(snapshot.sum, 180'000);
}

TEST(HistogramDeathTest, BoundsThatDoNotRiseAreABug) {
  constexpr std::array bounds{1.0, 1.0};
  EXPECT_DEATH(Histogram{bounds}, "adjacent_find");
}

TEST(Registry, SameNameAndLabelsAreTheSameMetricInAnyOrder) {
  Registry registry;
  auto& a = registry.counter("triggers_http_requests_total", "Requests.", {{"route", "/"}, {"status", "200"}});
  auto& b = registry.counter("triggers_http_requests_total", "Requests.", {{"status", "200"}, {"route", "/"}});
  auto& c = registry.counter("triggers_http_requests_total", "Requests.", {{"status", "404"}, {"route", "/"}});
  EXPECT_EQ(&a, &b);
  EXPECT_NE(&a, &c);
}

TEST(Registry, ExpositionHasHelpTypeAndEscapedLabels) {
  Registry registry;
  registry.counter("triggers_test_total", "Tests.", {{"why", "a \"b\"\n\\"}}).add();
  const auto text = registry.exposition();
  EXPECT_THAT(text, HasSubstr("# HELP triggers_test_total Tests.\n# TYPE triggers_test_total counter\n"));
  EXPECT_THAT(text, HasSubstr(R"(triggers_test_total{why="a \"b\"\n\\"} 1)"));
}

TEST(RegistryDeathTest, WrongNameOrSecondKindIsABug) {
  Registry registry;
  EXPECT_DEATH(registry.counter("1 bad", ""), "CheckMetricName");
  EXPECT_DEATH(registry.counter("good", "", {{"bad-label", ""}}), "CheckLabelName");
  registry.counter("twice", "");
  EXPECT_DEATH(registry.gauge("twice", ""), "type == type");
}

TEST(Registry, HooksRunBeforeEachExposition) {
  Registry registry;
  auto& gauge = registry.gauge("triggers_depth", "Depth.");
  int scrapes = 0;
  registry.on_scrape([&] { gauge.set(++scrapes); });
  registry.counter_from("triggers_read_total", "Read.", {}, [&] { return scrapes * 10.0; });
  EXPECT_EQ(sample(registry.exposition(), "triggers_depth"), 1);
  const auto text = registry.exposition();
  EXPECT_EQ(sample(text, "triggers_depth"), 2);
  EXPECT_EQ(sample(text, "triggers_read_total"), 20);
}

TEST(Registry, MayBeReadWhileOthersAddAndCount) {
  Registry registry;
  on_threads(4, [&] {
    for (int i = 0; i < 100; ++i) {
      registry.counter("triggers_test_total", "Tests.", {{"i", std::to_string(i)}}).add();
      if (i % 20 == 0) {
        EXPECT_FALSE(registry.exposition().empty());
      }
    }
  });
  EXPECT_EQ(sample(registry.exposition(), "triggers_test_total{i=\"99\"}"), 4);
}

TEST(ProcessMetrics, TellOfThisProcess) {
  Registry registry;
  add_process_metrics(registry);
  const auto before = registry.exposition();
  const int descriptor = dup(0);
  const auto after = registry.exposition();
  if (descriptor >= 0) {
    EXPECT_EQ(sample(after, "process_open_fds"), sample(before, "process_open_fds") + 1);
    close(descriptor);
  }
  EXPECT_GT(sample(after, "process_resident_memory_bytes"), 1024.0 * 1024);
  EXPECT_GE(sample(after, "process_virtual_memory_bytes"), sample(after, "process_resident_memory_bytes"));
  EXPECT_GE(sample(after, "process_cpu_seconds_total"), 0);
  EXPECT_GE(sample(after, "process_threads"), 1);
  EXPECT_GT(sample(after, "process_max_fds"), 0);
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(sample(after, "process_start_time_seconds"), now, 120);
}

}  // namespace
}  // namespace triggers::metrics
