// The examples of docs/filters.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "filter/test_filter.h"

namespace triggers::filter {
namespace {

std::string page() {
  std::ifstream file(TRIGGERS_FILTERS_PAGE);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The texts between `open` and `close`.
std::vector<std::string> between(std::string_view text, std::string_view open, std::string_view close) {
  std::vector<std::string> found;
  for (auto at = text.find(open); at != std::string_view::npos; at = text.find(open, at)) {
    at += open.size();
    const auto end = text.find(close, at);
    found.emplace_back(text.substr(at, end - at));
    if (end == std::string_view::npos) break;
    // The end of one may be the beginning of the next.
    at = close == "\n" ? end : end + close.size();
  }
  return found;
}

TEST(Page, EachExampleTakesTheEvent) {
  const auto blocks = between(page(), "```json\n", "```");
  ASSERT_EQ(blocks.size(), 11U);
  const auto event = event::parse(blocks[0], {});
  ASSERT_TRUE(std::holds_alternative<event::NewEvent>(event));
  const auto& sent = std::get<event::NewEvent>(event);
  const Event shown{sent.event_type, *sent.source, sent.payload, sent.metadata};
  for (std::size_t i = 1; i != blocks.size(); ++i) EXPECT_TRUE(takes(blocks[i], shown)) << blocks[i];
  EXPECT_FALSE(takes(R"({"payload": {"items": {"sku": ["BOOK-7"], "quantity": [10]}}})", shown));
  EXPECT_TRUE(takes(R"({"payload": {"refund": {"reason": [{"exists": false}]}}})", shown));
  EXPECT_TRUE(takes(R"({"payload": {"tags": [{"anything-but": "gift"}]}})", shown));
}

TEST(Page, EachRefusalIsWhatTheParserSays) {
  const std::string text = page();
  const auto from = text.find("## When a filter is refused"), to = text.find("## What it costs");
  const auto rows = between(std::string_view(text).substr(from, to - from), "\n| `", "\n");
  ASSERT_EQ(rows.size(), 3U);
  for (const std::string& row : rows) {
    const auto path_at = row.find("` | `"), message_at = row.find("` | ", path_at + 5);
    ASSERT_NE(message_at, std::string::npos) << row;
    const auto parsed = Filter::parse(row.substr(0, path_at));
    ASSERT_FALSE(parsed.ok()) << row;
    EXPECT_EQ(parsed.error().path, row.substr(path_at + 5, message_at - path_at - 5));
    EXPECT_EQ(parsed.error().message + " |", row.substr(message_at + 4));
  }
}

}  // namespace
}  // namespace triggers::filter
