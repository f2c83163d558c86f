#include "store/routes.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace triggers::store {
namespace {

std::vector<InboxRecord> inboxes(const std::vector<inbox::Settings>& settings) {
  std::vector<InboxRecord> records(settings.size());
  for (std::size_t i = 0; i != settings.size(); ++i) records[i].settings = settings[i];
  return records;
}

filter::Event event(std::string_view type, std::string_view payload = "{}") {
  return {.event_type = type, .source = {}, .payload = payload, .metadata = ""};
}

TEST(Routes, EachCollectingInboxWithoutAFilterTakesEverything) {
  const auto routes = Routes::make(inboxes({{}, {.collect = false}, {}})).value();
  EXPECT_EQ(routes.takers(event("a")).value().to_ullong(), 0b101U);
}

TEST(Routes, BitsAreThoseOfTheInboxesWhateverHasAFilter) {
  const auto routes = Routes::make(inboxes({{.filter = R"({"event_type":["a"]})"},
                                            {},
                                            {.filter = R"({"event_type":["a"]})", .collect = false},
                                            {.filter = R"({"payload":{"x":[1]}})"}}))
                          .value();
  EXPECT_EQ(routes.takers(event("a")).value().to_ullong(), 0b0011U);
  EXPECT_EQ(routes.takers(event("b", R"({"x":1.0})")).value().to_ullong(), 0b1010U);
  EXPECT_EQ(routes.takers(event("b")).value().to_ullong(), 0b0010U);
}

TEST(Routes, EmptyObjectTakesEverything) {
  const auto routes = Routes::make(inboxes({{.filter = "{}"}})).value();
  EXPECT_TRUE(routes.takers(event("a")).value()[0]);
}

TEST(Routes, WithoutAFilterThePayloadIsNotRead) {
  EXPECT_TRUE(Routes::make(inboxes({{}})).value().takers(event("a", "no JSON"))->any());
  const auto broken = Routes::make(inboxes({{.filter = R"({"payload":{"x":[1]}})"}})).value();
  EXPECT_EQ(broken.takers(event("a", "no JSON")).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(broken.takers(event("a", R"({"x":1})"))->any());
}

TEST(Routes, ThreadsEvaluateAtTheSameTime) {
  const auto routes = Routes::make(inboxes({{.filter = R"({"payload":{"x":[{"prefix":"a"}]}})"}})).value();
  std::vector<int> wrong(8);
  {
    std::vector<std::jthread> threads;
    for (int& of_one : wrong) {
      threads.emplace_back([&routes, &of_one] {
        for (int i = 0; i != 500; ++i) {
          if (!routes.takers(event("a", R"({"x":"abc"})"))->any()) ++of_one;
          if (routes.takers(event("a", R"({"x":"bc"})"))->any()) ++of_one;
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(8));
}

TEST(Routes, StepsGrowWithTheConditionsAtOnePathAndAreNoneWithoutAFilter) {
  const auto steps = [](const std::vector<inbox::Settings>& settings) {
    return Routes::make(inboxes(settings)).value().steps_at_worst(100);
  };
  EXPECT_EQ(steps({{}, {.filter = R"({"payload":{"x":[1]}})", .collect = false}}), 0U);
  EXPECT_EQ(steps({{.filter = R"({"payload":{"x":[1,2,3]}})"}}), 100U);
  EXPECT_EQ(steps({{.filter = R"({"payload":{"x":[{"suffix":"a"},{"suffix":"b"}],"y":[{"suffix":"a"}]}})"}}), 300U);
  EXPECT_EQ(
      steps({{.filter = R"({"payload":{"x":[{"suffix":"a"}]}})"}, {.filter = R"({"payload":{"x":[{"suffix":"b"}]}})"}}),
      300U);
}

/// What `make` has allocated and not freed, for each byte that the routes say they take.
double memory_ratio(const std::vector<inbox::Settings>& settings) {
  const auto records = inboxes(settings);
  const std::size_t before = mallinfo2().uordblks;
  const auto routes = Routes::make(records).value();
  (void)routes.takers(event("a", R"({"x":"y"})")).value();  // It has an evaluator now.
  const std::size_t after = mallinfo2().uordblks;
  return static_cast<double>(after - before) / static_cast<double>(routes.memory_bytes());
}

TEST(Routes, MemoryIsAtMostWhatTheySay) {
  std::string words, numbers, paths;
  for (int i = 0; i != 60; ++i) {
    words += (i == 0 ? "" : ",") + std::string("{\"wildcard\":\"a*b") + std::to_string(i) + "*\"}";
    numbers += (i == 0 ? "" : ",") + std::to_string(i);
    paths += (i == 0 ? "" : ",") + std::string("\"") + std::to_string(i) + "\":[1]";
  }
  std::vector<inbox::Settings> many(100);
  for (std::size_t i = 0; i != many.size(); ++i) {
    many[i].filter = R"({"event_type":["order.)" + std::to_string(i) + "\"]}";
  }
  const std::vector<std::vector<inbox::Settings>> cases{{{.filter = R"({"event_type":["a"]})"}},
                                                        {{.filter = R"({"payload":{"x":[)" + words + "]}}"}},
                                                        {{.filter = R"({"payload":{"x":[)" + numbers + "]}}"}},
                                                        {{.filter = R"({"payload":{)" + paths + "}}"}},
                                                        many};
  for (const auto& settings : cases) {
    const double ratio = memory_ratio(settings);
    std::printf("memory of routes: %.2f of what they say\n", ratio);
    if (ratio == 0) GTEST_SKIP() << "this allocator does not count";
    EXPECT_LT(ratio, 1.2);
    EXPECT_GT(ratio, 0.01);
  }
}

}  // namespace
}  // namespace triggers::store
