#include "base/json_text.h"

#include <gtest/gtest.h>

namespace triggers {
namespace {

std::string json_text(std::string_view text) {
  std::string out;
  append_json_text(out, text);
  return out;
}

TEST(JsonText, EscapesOnlyWhatItMust) {
  EXPECT_EQ(json_text(""), "\"\"");
  EXPECT_EQ(json_text("a/b\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"a/b\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  EXPECT_EQ(json_text("\b\x7F"), "\"\\u0008\\u007f\"");
}

TEST(JsonText, ReplacesEveryByteThatIsNotUtf8) {
  const std::string fffd = "\xEF\xBF\xBD";
  EXPECT_EQ(json_text("\x80"), '"' + fffd + '"');
  EXPECT_EQ(json_text("a\xE2\x82"), "\"a" + fffd + fffd + '"');
  EXPECT_EQ(json_text("\xC0\xAF"), '"' + fffd + fffd + '"');
  EXPECT_EQ(json_text("\xED\xA0\x80"), '"' + fffd + fffd + fffd + '"');
  EXPECT_EQ(json_text("\xF4\x90\x80\x80"), '"' + fffd + fffd + fffd + fffd + '"');
}

}  // namespace
}  // namespace triggers
