#include "filter/wildcard.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "event/test_random_json.h"

namespace triggers::filter {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const auto wildcard = Wildcard::parse(pattern);
  if (!wildcard) {
    ADD_FAILURE() << pattern << ": " << wildcard.error();
    return false;
  }
  std::uint64_t steps = 0;
  return wildcard->matches(text, steps);
}

TEST(Wildcard, AnAsteriskIsAnyText) {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  for (const auto& [pattern, text, wanted] : std::vector<Row>{
           {"*", "", true},
           {"*", "anything", true},
           {"", "", true},
           {"", "a", false},
           {"abc", "abc", true},
           {"abc", "abcd", false},
           {"a*", "a", true},
           {"a*", "ba", false},
           {"*a", "ba", true},
           {"*a", "ab", false},
           {"a*a", "a", false},
           {"a*a", "aa", true},
           {"ab*ba", "aba", false},
           {"*a*", "bab", true},
           {"*a*", "bbb", false},
           {"*.png", "x.png", true},
           {"dir/*.png", "dir/a/b.png", true},
           {"dir/*.png", "dir/.jpg", false},
           {"*aab*aab*", "aabaab", true},
           {"*aab*aab*", "aaabaab", true},
           {"*aab*aab*", "aabab", false},
           {"a*b*c", "axxbxxc", true},
           {"a*b*c", "axxcxxb", false},
           {R"(a\*b)", "a*b", true},
           {R"(a\*b)", "axb", false},
           {R"(a\\*)", R"(a\x)", true},
           {R"(a\\\*)", R"(a\*)", true},
           {"caf*", "caf\xc3\xa9", true},
       }) {
    EXPECT_EQ(matches(pattern, text), wanted) << pattern << " " << text;
  }
}

TEST(Wildcard, RefusesWhatEventBridgeRefuses) {
  for (const char* pattern : {"a**b", "**", R"(a\b)", R"(\)", R"(a*\)"}) {
    EXPECT_FALSE(Wildcard::parse(pattern).ok()) << pattern;
  }
}

/// Tries every split.
bool matches_plainly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] != '*')
    return !text.empty() && text[0] == pattern[0] && matches_plainly(pattern.substr(1), text.substr(1));
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (matches_plainly(pattern.substr(1), text.substr(i))) return true;
  }
  return false;
}

TEST(Wildcard, AgreesWithTryingEverything) {
  std::mt19937_64 random(event::test_seed());
  const auto made = [&](std::string_view alphabet, std::size_t length_max) {
    std::string text(random() % (length_max + 1), ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    return text;
  };
  int matched = 0;
  for (int i = 0; i != 20'000; ++i) {
    std::string pattern = made("aab**", 8);
    while (pattern.find("**") != std::string::npos) pattern.erase(pattern.find("**"), 1);
    const std::string text = made("aab", 12);
    const bool wanted = matches_plainly(pattern, text);
    matched += wanted ? 1 : 0;
    ASSERT_EQ(matches(pattern, text), wanted) << pattern << " " << text;
  }
  EXPECT_GT(matched, 1000);
}

TEST(Wildcard, NoPatternTakesMoreThanTwoStepsACharacter) {
  std::string many_asterisks, repeated = "*";
  for (int i = 0; i != 2000; ++i) many_asterisks += "*a";
  for (int i = 0; i != 2000; ++i) repeated += "a";
  const std::string text(256 * 1024, 'a');
  for (const std::string& pattern :
       {many_asterisks + "*b*", many_asterisks + "b", repeated + "b*", "*" + repeated.substr(1) + "b*c"}) {
    const auto wildcard = Wildcard::parse(pattern);
    ASSERT_TRUE(wildcard.ok());
    std::uint64_t steps = 0;
    EXPECT_FALSE(wildcard->matches(text, steps));
    EXPECT_LE(steps, 2 * text.size());
  }
}

}  // namespace
}  // namespace triggers::filter
