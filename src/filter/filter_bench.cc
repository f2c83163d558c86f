#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "filter/filter_set.h"

namespace triggers::filter {
namespace {

/// About 1 KB: an order with its lines.
std::string order() {
  std::string payload =
      R"({"order_id":"7f9c24e8-3b2a-4d10-9a77-1c2d3e4f5a6b","customer":{"id":48213,"tier":"gold","country":"DE"},)"
      R"("total":149.90,"currency":"EUR","status":"paid","items":[)";
  for (int i = 0; payload.size() < 980; ++i) {
    payload.append(i == 0 ? "" : ",");
    payload.append(R"({"sku":"A-)" + std::to_string(1000 + i) +
                   R"(","quantity":2,"price":12.50,"title":"A thing of use"})");
  }
  return payload + R"(],"paid":true})";
}

FilterSet set_of(const std::vector<std::string>& texts) {
  std::vector<Filter> filters;
  filters.reserve(texts.size());
  for (const std::string& text : texts) filters.push_back(*Filter::parse(text));
  return *FilterSet::make(filters);
}

void evaluate_each(benchmark::State& state, const std::vector<std::string>& filters, const std::string& payload,
                   bool wanted) {
  Evaluator evaluator(set_of(filters));
  for (auto _ : state) {
    const auto matches = evaluator.evaluate({"order.created", "shop", payload, {}});
    if (!matches || matches->any() != wanted) return state.SkipWithError("another answer");
    benchmark::DoNotOptimize(matches);
  }
  state.counters["steps"] = static_cast<double>(evaluator.steps());
}

std::vector<std::string> hundred(const std::string& before, const std::string& after) {
  std::vector<std::string> filters;
  filters.reserve(100);
  for (int i = 0; i != 100; ++i) filters.emplace_back(before).append(std::to_string(i)).append(after);
  return filters;
}

void hundred_literals_that_do_not_match(benchmark::State& state) {
  evaluate_each(state, hundred(R"({"payload":{"customer":{"tier":["tier-)", R"("]},"status":["paid"]}})"), order(),
                false);
}
BENCHMARK(hundred_literals_that_do_not_match);

void hundred_conditions_that_do_not_match(benchmark::State& state) {
  evaluate_each(state,
                hundred(R"({"payload":{"total":[{"numeric":[">",1000)", R"(]}],"items":{"sku":[{"prefix":"B-"}]}}})"),
                order(), false);
}
BENCHMARK(hundred_conditions_that_do_not_match);

void hundred_filters_on_elements_that_do_not_match(benchmark::State& state) {
  evaluate_each(state, hundred(R"({"payload":{"items":{"quantity":[2],"sku":["C-)", R"("]}}})"), order(), false);
}
BENCHMARK(hundred_filters_on_elements_that_do_not_match);

void hundred_filters_of_another_type(benchmark::State& state) {
  evaluate_each(state, hundred(R"({"event_type":["user.)", R"("],"payload":{"status":["paid"]}})"), order(), false);
}
BENCHMARK(hundred_filters_of_another_type);

void no_payload_filters(benchmark::State& state) {
  evaluate_each(state, {R"({"event_type":["order.created"]})"}, order(), true);
}
BENCHMARK(no_payload_filters);

void one_filter_that_takes_all(benchmark::State& state) { evaluate_each(state, {"{}"}, order(), true); }
BENCHMARK(one_filter_that_takes_all);

/// As many conditions as a path may have, on a payload of the largest size.
void most_conditions(benchmark::State& state, const std::string& before, const std::string& after,
                     const std::string& payload) {
  std::vector<std::string> filters;
  for (int filter = 0; filter != 4; ++filter) {
    std::string list;
    for (int i = 0; i != 64; ++i) {
      list.append(i == 0 ? "" : ",").append(before).append(std::to_string(10 + filter * 64 + i)).append(after);
    }
    filters.push_back(R"({"payload":{"v":[)" + list + "]}}");
  }
  evaluate_each(state, filters, payload, false);
}

std::string many(const std::string& element) {
  std::string payload = R"({"v":[)" + element;
  while (payload.size() < 256 * 1024) payload += "," + element;
  return payload + "]}";
}

void worst_numbers_256_kib(benchmark::State& state) { most_conditions(state, R"({"numeric":[">",)", "]}", many("1")); }
BENCHMARK(worst_numbers_256_kib)->Unit(benchmark::kMillisecond);

void worst_prefixes_256_kib(benchmark::State& state) {
  most_conditions(state, R"({"prefix":"a)", "\"}", many("\"a\""));
}
BENCHMARK(worst_prefixes_256_kib)->Unit(benchmark::kMillisecond);

void worst_wildcards_256_kib(benchmark::State& state) {
  most_conditions(state, R"({"wildcard":"*a*a*)", "*\"}", R"({"v":")" + std::string(256 * 1024, 'a') + "\"}");
}
BENCHMARK(worst_wildcards_256_kib)->Unit(benchmark::kMillisecond);

void parse_a_filter(benchmark::State& state) {
  const std::string text =
      R"({"event_type":[{"prefix":"order."}],"payload":{"total":[{"numeric":[">",100]}],"items":{"sku":["A-1","A-2"]}}})";
  for (auto _ : state) benchmark::DoNotOptimize(Filter::parse(text));
}
BENCHMARK(parse_a_filter);

}  // namespace
}  // namespace triggers::filter
