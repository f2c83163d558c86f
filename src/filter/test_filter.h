#pragma once

// For tests: filters and events in one line.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filter/filter_set.h"

namespace triggers::filter {

inline Filter parsed(std::string_view text) {
  auto filter = Filter::parse(text);
  if (!filter) ADD_FAILURE() << text << "\n" << filter.error().path << ": " << filter.error().message;
  return filter ? *std::move(filter) : *Filter::parse("{}");
}

inline FilterSet set_of(const std::vector<std::string>& texts) {
  std::vector<Filter> filters;
  filters.reserve(texts.size());
  for (const std::string& text : texts) filters.push_back(parsed(text));
  auto set = FilterSet::make(filters);
  if (!set) ADD_FAILURE() << set.error().message;
  return *std::move(set);
}

inline Event event_with(std::string_view payload) { return {"t", std::nullopt, payload, {}}; }

/// True if the filter matches the event. Fails the test if explain() disagrees.
inline bool takes(std::string_view filter, const Event& event) {
  Evaluator evaluator(set_of({std::string(filter)}));
  const auto matches = evaluator.evaluate(event);
  if (!matches) ADD_FAILURE() << matches.error().message;
  const auto explanation = explain(parsed(filter), event);
  if (!explanation) ADD_FAILURE() << explanation.error().message;
  EXPECT_EQ(explanation->matches, (*matches)[0]) << filter << "\n" << event.payload;
  EXPECT_EQ(explanation->matches, explanation->mismatches.empty());
  return (*matches)[0];
}

/// Whether a list of a pattern matches the payload's member `v`.
inline bool list_takes(std::string_view list, std::string_view value) {
  const std::string filter = std::string(R"({"payload":{"v":)").append(list).append("}}");
  const std::string payload = std::string(R"({"v":)").append(value).append("}");
  return takes(filter, event_with(payload));
}

/// Whether an object of a pattern matches the whole payload.
inline bool payload_takes(std::string_view pattern, std::string_view payload) {
  return takes(std::string(R"({"payload":)").append(pattern).append("}"), event_with(payload));
}

}  // namespace triggers::filter
