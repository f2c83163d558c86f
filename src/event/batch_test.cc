#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "event/event.h"

namespace triggers::event {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string_view> array_elements(std::string_view text) {
  auto split = split_array(text, {});
  if (const auto* refusal = std::get_if<ParseError>(&split)) {
    ADD_FAILURE() << text.substr(0, 100) << ": " << refusal->message;
    return {};
  }
  return std::get<BatchElements>(split).elements;
}

ParseError refuse_array(std::string_view text) {
  auto split = split_array(text, {});
  if (!std::holds_alternative<ParseError>(split)) {
    ADD_FAILURE() << "accepted: " << text.substr(0, 100);
    return {};
  }
  return std::get<ParseError>(split);
}

TEST(SplitArray, ElementsAreTheTextBetweenTheCommas) {
  EXPECT_THAT(array_elements(" [ {\"a\" : [1,2]} ,\n7,\"x,]\" ] "), ElementsAre("{\"a\" : [1,2]}", "7", "\"x,]\""));
  EXPECT_THAT(array_elements("[]"), IsEmpty());
  EXPECT_THAT(array_elements(" [ \n] "), IsEmpty());
}

TEST(SplitArray, AnyFaultInTheTextRefusesTheWhole) {
  for (const auto text :
       {"", " ", "[", "[1", "[1,", "[1,]", "[,]", "[1]]", "[1] 2", "[{]", "[\"\x80\"]", "\xef\xbb\xbf[]", "{\"a\""}) {
    EXPECT_EQ(refuse_array(text).field, "body") << text;
  }
  EXPECT_THAT(refuse_array("{}").message, HasSubstr("not an array"));
  EXPECT_THAT(refuse_array("[1 2]").message, HasSubstr("at byte offset 3"));
}

TEST(SplitArray, AnElementNestedTooDeepIsLeftToParse) {
  const std::string deep(500, '['), closed(500, ']');
  EXPECT_THAT(array_elements("[" + deep + closed + ",{}]"), ElementsAre(deep + closed, "{}"));
  EXPECT_TRUE(std::holds_alternative<ParseError>(parse(deep + closed, {})));
  EXPECT_THAT(refuse_array(std::string(100'000, '[')).message, HasSubstr("nested too deep (over 1000 levels)."));
}

TEST(SplitArray, TooManyElementsAreCountedButNotKept) {
  std::string text = "[0";
  for (int i = 1; i != 100'000; ++i) text += ",0";
  const auto batch = std::get<BatchElements>(split_array(text + "]", {}));
  EXPECT_EQ(batch.count, 100'000U);
  EXPECT_EQ(batch.elements.size(), 501U);
}

TEST(SplitLines, BlankLinesAndCarriageReturnsAreLeftOut) {
  EXPECT_THAT(split_lines("{\"a\":1}\n\r\n \t\n{\"b\":2}\r\n{\"c\":3}").elements,
              ElementsAre("{\"a\":1}", "{\"b\":2}", "{\"c\":3}"));
  EXPECT_THAT(split_lines("").elements, IsEmpty());
  EXPECT_THAT(split_lines("\n\n").elements, IsEmpty());
  EXPECT_THAT(split_lines("a\n").elements, ElementsAre("a"));
}

TEST(SplitLines, TooManyLinesAreCountedButNotKept) {
  std::string text;
  for (int i = 0; i != 1000; ++i) text += "{}\n";
  EXPECT_EQ(split_lines(text).count, 1000U);
  EXPECT_EQ(split_lines(text).elements.size(), 501U);
  EXPECT_EQ(split_lines(text, Limits{.batch_events_max = 2}).elements.size(), 3U);
}

}  // namespace
}  // namespace triggers::event
