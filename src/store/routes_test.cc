#include "store/routes.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace triggers::store
