// Writing and unescaping JSON strings, and the search of string_scan.h that both use.

#include "event/escape.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "event/event.h"
#include "event/string_scan.h"

namespace triggers::event {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(AppendJsonString, EscapesWhatItMustAndNothingElse) {
  using namespace std::string_view_literals;
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("plain / \xc3\xa9 \x7f"), "\"plain / \xc3\xa9 \x7f\"");
  EXPECT_EQ(json_string("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(json_string("a\0b\x01\x1f"sv), R"("a\u0000b\u0001\u001f")");
  EXPECT_EQ(json_string(std::string(100, '"')).size(), 202U);
}

TEST(AppendJsonString, AppendsAndUnescapesToTheSame) {
  std::string text;
  for (char c = 0; c != 0x7f; ++c) text.append(static_cast<std::size_t>(c % 19), 'x').push_back(c);
  std::string out = "before";
  append_json_string(out, text);
  ASSERT_TRUE(out.starts_with("before\""));
  std::string back;
  EXPECT_TRUE(unescape({std::string_view(out).substr(7, out.size() - 8), true}, back));
  EXPECT_EQ(back, text);
}

TEST(Unescape, JoinsSurrogatePairsAndKeepsHalvesApart) {
  const auto unescaped = [](std::string_view raw) {
    std::string out;
    return std::pair(unescape({raw, true}, out), out);
  };
  EXPECT_EQ(unescaped("\\uD83D\\ude00"), std::pair(true, std::string("\xf0\x9f\x98\x80")));
  EXPECT_EQ(unescaped("\\udbff\\udfff"), std::pair(true, std::string("\xf4\x8f\xbf\xbf")));
  EXPECT_EQ(unescaped("\\ud83d"), std::pair(false, std::string("\xed\xa0\xbd")));
  EXPECT_EQ(unescaped("\\ude00\\ud83d"), std::pair(false, std::string("\xed\xb8\x80\xed\xa0\xbd")));
  EXPECT_EQ(unescaped("\\ud83d\\ud83d\\ude00x"), std::pair(false, std::string("\xed\xa0\xbd\xf0\x9f\x98\x80x")));
  EXPECT_EQ(unescaped("\\u00e9\\u20AC\\/"), std::pair(true, std::string("\xc3\xa9\xe2\x82\xac/")));
}

TEST(FindStringSpecial, FindsTheFirstOfEveryByteAtEveryPlace) {
  for (int value = 0; value != 256; ++value) {
    const bool is_special = value < 0x20 || value == '"' || value == '\\';
    for (std::size_t size = 1; size != 40; ++size) {
      for (std::size_t at = 0; at != size; ++at) {
        std::string text(size, '\xff');
        text[at] = static_cast<char>(value);
        const char* const end = text.data() + size;
        ASSERT_EQ(find_string_special(text.data(), end), is_special ? text.data() + at : end) << value << ' ' << at;
      }
    }
  }
}

}  // namespace
}  // namespace triggers::event
