// The cost of an evaluation, counted in steps: values, members, comparisons, characters of wildcards. Time varies on a
// busy machine; a count shows at once whether the cost is linear.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "filter/test_filter.h"

namespace triggers::filter {
namespace {

constexpr std::size_t payload_bytes_max = 256 * 1024;

/// {"v":[element,element,…]} of about that many bytes. The element may depend on its number.
std::string array_of(std::size_t bytes, const std::function<std::string(std::size_t)>& element) {
  std::string text = R"({"v":[)";
  for (std::size_t i = 0; text.size() < bytes; ++i) text.append(i == 0 ? "" : ",").append(element(i));
  return text + "]}";
}

std::string repeated(const std::string& element, std::size_t bytes) {
  return array_of(bytes, [&](std::size_t) { return element; });
}

/// 100 filters of up to 64 leaves: `branch(filter, i)` is one of 32 branches over the objects of `v`, of at most two.
std::vector<std::string> branches(const std::function<std::string(std::size_t, std::size_t)>& branch) {
  std::vector<std::string> filters;
  for (std::size_t filter = 0; filter != filters_max; ++filter) {
    std::string list;
    for (std::size_t i = 0; i != 32; ++i) list.append(i == 0 ? "" : ",").append(branch(filter, i));
    filters.push_back(R"({"payload":{"v":{"$or":[)" + list + "]}}}");
  }
  return filters;
}

std::uint64_t steps_of(const std::vector<std::string>& filters, const std::string& payload, bool any_matches = false) {
  Evaluator evaluator(set_of(filters));
  const auto matches = evaluator.evaluate(event_with(payload));
  EXPECT_TRUE(matches.ok());
  EXPECT_EQ(matches.ok() && matches->any(), any_matches);
  return evaluator.steps();
}

/// Twice the bytes take twice the steps, and a byte takes few.
void expect_linear(const std::vector<std::string>& filters, const std::function<std::string(std::size_t)>& payload,
                   std::uint64_t steps_a_byte_max) {
  const std::uint64_t half = steps_of(filters, payload(payload_bytes_max / 2));
  const std::uint64_t whole = steps_of(filters, payload(payload_bytes_max));
  EXPECT_LE(whole, 2 * half + half / 10);
  EXPECT_LE(whole, steps_a_byte_max * payload_bytes_max) << double(whole) / payload_bytes_max << " steps a byte";
}

std::string text_of(std::size_t number) { return "\"" + std::to_string(number) + "\""; }

TEST(Cost, ElementsThatNobodyAsksForCostOneStepAtMost) {
  const auto filters =
      branches([](std::size_t filter, std::size_t i) { return R"({"a":[)" + text_of(filter * 32 + i) + "]}"; });
  expect_linear(filters, [](std::size_t bytes) { return repeated("{}", bytes); }, 2);
  expect_linear(filters, [](std::size_t bytes) { return repeated(R"({"b":1})", bytes); }, 2);
  expect_linear(filters, [](std::size_t bytes) { return repeated(R"("x")", bytes); }, 2);
  expect_linear(filters, [](std::size_t bytes) { return array_of(bytes, text_of); }, 2);
}

TEST(Cost, AnElementThatFulfilsOneOfTwoConditionsOfEachBranchDoesNotPayForAllBranches) {
  const auto filters = branches(
      [](std::size_t filter, std::size_t i) { return R"({"a":["x"],"b":[)" + text_of(filter * 32 + i) + "]}"; });
  expect_linear(filters, [](std::size_t bytes) { return repeated(R"({"a":"x"})", bytes); }, 4);
  expect_linear(
      filters,
      [](std::size_t bytes) {
        return array_of(bytes, [](std::size_t i) { return R"({"a":"y","b":)" + text_of(i % 3200) + "}"; });
      },
      4);
}

TEST(Cost, AllPairsOfSharedConditionsAreBounded) {
  const auto filters = branches([](std::size_t filter, std::size_t i) {
    const std::size_t pair = filter * 32 + i;
    return R"({"a)" + std::to_string(pair % 57) + R"(":[1],"b)" + std::to_string(pair / 57) + R"(":[1]})";
  });
  expect_linear(
      filters,
      [](std::size_t bytes) {
        return array_of(bytes, [](std::size_t i) { return R"({"a)" + std::to_string(i % 57) + R"(":1})"; });
      },
      32);
  std::string every_a = "{";
  for (int i = 0; i != 57; ++i) every_a += (i == 0 ? "\"a" : ",\"a") + std::to_string(i) + "\":1";
  expect_linear(filters, [&](std::size_t bytes) { return repeated(every_a + "}", bytes); }, 32);
}

TEST(Cost, BranchesThatAreWrittenAlikeAreComputedOnce) {
  const auto filters = branches([](std::size_t, std::size_t) { return R"({"a":["x"],"b":["y"]})"; });
  // The branches of one filter are parts of one object, which all filters share.
  expect_linear(filters, [](std::size_t bytes) { return repeated(R"({"a":"x"})", bytes); }, 32);
}

std::vector<std::string> conditions(const std::function<std::string(std::size_t)>& condition) {
  std::vector<std::string> filters;
  for (std::size_t filter = 0; filter != 4; ++filter) {
    std::string list;
    for (std::size_t i = 0; i != 64; ++i) list.append(i == 0 ? "" : ",").append(condition(filter * 64 + i));
    filters.push_back(R"({"payload":{"v":[)" + list + "]}}");
  }
  return filters;
}

/// As many conditions as a path may have, on the shortest values.
TEST(Cost, AValueCostsAtMostTheConditionsOfItsPath) {
  constexpr std::uint64_t a_value = conditions_per_path_max + 8;
  expect_linear(
      conditions([](std::size_t i) { return R"({"numeric":[">",)" + std::to_string(10 + i) + "]}"; }),
      [](std::size_t bytes) { return repeated("1", bytes); }, a_value / 2);
  expect_linear(
      conditions([](std::size_t i) { return R"({"prefix":"a)" + std::to_string(i) + "\"}"; }),
      [](std::size_t bytes) { return repeated(R"("a")", bytes); }, a_value / 4);
  expect_linear(
      conditions([](std::size_t i) { return R"({"wildcard":"a*)" + std::to_string(i) + "\"}"; }),
      [](std::size_t bytes) { return repeated(R"("a")", bytes); }, a_value / 4);
}

TEST(Cost, WildcardsAreLinearInALongValue) {
  const auto filters =
      conditions([](std::size_t i) { return R"({"wildcard":"*a*a*a*a*a*)" + std::to_string(i) + "*\"}"; });
  expect_linear(
      filters, [](std::size_t bytes) { return R"({"v":")" + std::string(bytes, 'a') + "\"}"; },
      3 * conditions_per_path_max);
}

TEST(Cost, LongNumbersAndDeepArraysAreLinear) {
  const auto filters = conditions([](std::size_t i) { return R"({"numeric":["=",)" + std::to_string(10 + i) + "]}"; });
  expect_linear(filters, [](std::size_t bytes) { return R"({"v":)" + std::string(bytes, '7') + "}"; }, 1);
  expect_linear(
      filters,
      [](std::size_t bytes) {
        const std::string deep = std::string(400, '[') + "1" + std::string(400, ']');
        return repeated(deep, bytes);
      },
      2);
}

TEST(Cost, AHugeExponentCostsItsText) {
  EXPECT_LT(steps_of({R"({"payload":{"v":[{"numeric":["<",1]}]}})"}, R"({"v":1e999999999})"), 50U);
}

/// Objects that hold nothing but {"exists": false} are computed for each element; there are as many as filters.
TEST(Cost, AbsencesCostAtMostTheFilters) {
  std::vector<std::string> filters;
  for (std::size_t i = 0; i != filters_max; ++i) {
    filters.push_back(R"({"payload":{"v":{"z":[{"exists":false}],"b)" + std::to_string(i) +
                      R"(":[{"exists":false}]}}})");
  }
  expect_linear(filters, [](std::size_t bytes) { return repeated(R"({"z":1})", bytes); }, 5 * filters_max / 9);
}

}  // namespace
}  // namespace triggers::filter
