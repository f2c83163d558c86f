// Whether two contents are equal, in all three forms: same_content(), canonical() and the fingerprint.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/canonical.h"
#include "event/event.h"
#include "event/test_random_json.h"

namespace triggers::event {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

TEST(Content, IsTheSameWhateverTheOrderSpaceAndEscapes) {
  const std::vector<Pair> pairs = {
      {R"({"a":1,"b":2})", R"({ "b" : 2 ,"a":1 })"},
      {R"({"a":"A/\n"})", R"({"\u0061":"\u0041\/\u000A"})"},
      {R"({"a":"😀"})", R"({"a":"\ud83d\uDE00"})"},
      {R"({"a":"\uD800"})", R"({"a":"\ud800"})"},
      {R"({"a":{"x":[],"y":{}},"b":null})", R"({"b":null,"a":{"y":{},"x":[ ]}})"},
      {R"({"a":1,"a":2,"b":3})", R"({"b":3,"a":1,"a":2})"},
  };
  for (const auto& [a, b] : pairs) {
    EXPECT_TRUE(same_content(a, b)) << a << b;
    EXPECT_EQ(fingerprint("t", a), fingerprint("t", b)) << a << b;
  }
}

TEST(Content, DiffersWhenAnyValueKindOrNestingDiffers) {
  const std::vector<std::string_view> values = {"1",
                                                "\"1\"",
                                                "1.0",
                                                "10",
                                                "-1",
                                                "1e0",
                                                "true",
                                                "false",
                                                "null",
                                                "\"true\"",
                                                "\"null\"",
                                                "[]",
                                                "{}",
                                                "\"\"",
                                                "\"{}\"",
                                                "[[]]",
                                                "[{}]",
                                                "[1]",
                                                "[1,2]",
                                                "[2,1]",
                                                "[1,[2]]",
                                                "[[1],2]",
                                                "[[1,2]]",
                                                "[1,1]",
                                                "[1,1,1]",
                                                "{\"a\":1}",
                                                "{\"1\":\"a\"}",
                                                "{\"a\":[1]}",
                                                "[\"a\",1]",
                                                "{\"a\":null}",
                                                "{\"b\":1}",
                                                "{\"a\":1,\"b\":1}",
                                                "\"\\ud800\"",
                                                "\"\\ud801\"",
                                                "\"\\ufffd\"",
                                                "\"\\u0000\"",
                                                "\"\\u0000\\u0000\"",
                                                "{\"a\":1,\"a\":1}",
                                                "{\"a\":{\"b\":1}}",
                                                "{\"b\":{\"a\":1}}",
                                                "[\"ab\",\"c\"]",
                                                "[\"a\",\"bc\"]",
                                                "\"aaaaaaaaaaaaaaaa\"",
                                                "\"aaaaaaaaaaaaaaaaa\"",
                                                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
                                                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\""};
  for (std::size_t i = 0; i != values.size(); ++i) {
    for (std::size_t j = 0; j != values.size(); ++j) {
      EXPECT_EQ(same_content(values[i], values[j]), i == j) << values[i] << ' ' << values[j];
      EXPECT_EQ(canonical("t", values[i]) == canonical("t", values[j]), i == j) << values[i] << ' ' << values[j];
      EXPECT_EQ(fingerprint("t", values[i]) == fingerprint("t", values[j]), i == j) << values[i] << ' ' << values[j];
    }
  }
  EXPECT_NE(fingerprint("t", "{}"), fingerprint("u", "{}"));
}

TEST(Content, EqualNamesCountInTheOrderSent) {
  EXPECT_FALSE(same_content(R"({"a":1,"a":2})", R"({"a":2,"a":1})"));
  EXPECT_FALSE(same_content(R"({"a":1,"a":2})", R"({"a":1})"));
  EXPECT_FALSE(same_content(R"({"a":1,"b":1,"b":1})", R"({"a":1,"a":1,"b":1})"));
}

/// The three words on whether two payloads mean the same must agree.
void expect_one_word(std::string_view a, std::string_view b) {
  const bool same = same_content(a, b);
  ASSERT_EQ(fingerprint("t", a) == fingerprint("t", b), same) << a << '\n' << b;
  ASSERT_EQ(canonical("t", a) == canonical("t", b), same) << a << '\n' << b;
}

TEST(Content, FingerprintAndCanonicalFormTellApartWhatEqualityDoesInAllSmallObjects) {
  const std::vector<std::string> members = {R"("a":0)", R"("a":1)", R"("b":0)", R"("b":1)"};
  std::vector<std::string> objects = {"{}"};
  std::vector<std::string> longest = {""};
  for (int size = 1; size <= 4; ++size) {
    std::vector<std::string> longer;
    for (const auto& start : longest) {
      for (const auto& member : members) longer.push_back(start.empty() ? member : start + "," + member);
    }
    for (const auto& inside : longer) objects.push_back("{" + inside + "}");
    longest = std::move(longer);
  }
  ASSERT_EQ(objects.size(), 341U);
  for (const auto& a : objects) {
    for (const auto& b : objects) expect_one_word(a, b);
  }
}

TEST(Content, FingerprintAndCanonicalFormTellApartWhatEqualityDoesInRandomDocuments) {
  JsonMaker maker(test_seed());
  int equal = 0, moved = 0;
  for (int i = 0; i != 5000; ++i) {
    RandomJson json = maker.container(RandomJson::Kind::object, 3);
    const std::string a = maker.write(json);
    maker.move_member(json);
    const std::string b = maker.write(json);
    expect_one_word(a, b);
    ++(same_content(a, b) ? equal : moved);
  }
  EXPECT_GT(equal, 100);
  EXPECT_GT(moved, 100);
}

std::string join(const std::vector<std::string>& members) {
  std::string object;
  for (const auto& member : members) object.append(object.empty() ? "{" : ",").append(member);
  return object + "}";
}

TEST(Content, PermutationsOfOneNameBeforeManyEqualMembersHaveEachAFingerprintOfTheirOwn) {
  std::vector<int> order = {0, 1, 2, 3, 4, 5};
  std::set<Fingerprint> made;
  do {
    std::vector<std::string> members;
    for (const int value : order) members.push_back("\"a\":" + std::to_string(value));
    members.resize(1006, "\"b\":0");
    made.insert(fingerprint("t", join(members)));
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(made.size(), 720U);
}

TEST(Content, MembersOfManyNamesKeepTheirOrderByNameAlone) {
  // Above and below the number of members for which names are looked up in a table.
  for (const std::size_t names : {2U, 16U, 17U, 400U}) {
    std::vector<std::string> by_name, by_value;
    for (std::size_t name = 0; name != names; ++name) {
      for (int value = 0; value != 3; ++value)
        by_name.push_back("\"" + std::to_string(name) + "\":" + std::to_string(value));
    }
    for (int value = 0; value != 3; ++value) {
      for (std::size_t name = 0; name != names; ++name) {
        by_value.push_back("\"" + std::to_string(name) + "\":" + std::to_string(value));
      }
    }
    EXPECT_TRUE(same_content(join(by_name), join(by_value)));
    expect_one_word(join(by_name), join(by_value));
    std::swap(by_value[0], by_value[1]);
    EXPECT_TRUE(same_content(join(by_name), join(by_value)));
    std::swap(by_value[1], by_value[names]);  // Value 0 and value 1 of the first name.
    EXPECT_FALSE(same_content(join(by_name), join(by_value)));
    expect_one_word(join(by_name), join(by_value));
  }
}

TEST(Content, ComparingRepeatedNamesIsNotQuadratic) {
  std::vector<std::string> members;
  for (int i = 0; i != 60'000; ++i) members.push_back("\"" + std::to_string(i / 2) + "\":0");
  const std::string wide = join(members);
  const std::string one_name = join(std::vector<std::string>(100'000, "\"a\":0"));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i != 10; ++i) {
    EXPECT_NE(fingerprint("t", wide), Fingerprint{});
    EXPECT_NE(fingerprint("t", one_name), Fingerprint{});
  }
  // Pair by pair it would be 70 thousand million comparisons.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Content, CanonicalFormTellsTypesAndWhatIsNotJsonApart) {
  EXPECT_NE(canonical("a", "{}"), canonical("b", "{}"));
  EXPECT_NE(canonical("a", "{} x"), canonical("a", "{}"));
  EXPECT_NE(canonical("ab", "!"), canonical("a", "b!"));
}

TEST(Content, OfATextThatIsNotJsonIsItsBytes) {
  EXPECT_TRUE(same_content("not json", "not json"));
  EXPECT_FALSE(same_content("not json", "not  json"));
  EXPECT_FALSE(same_content("{} x", "{}"));
  EXPECT_FALSE(same_content("", "{}"));
  EXPECT_NE(fingerprint("t", "nope"), fingerprint("t", "nopf"));
}

TEST(Content, ComparingManyMembersIsNotQuadratic) {
  std::string up = "{\"x\":0", down = "{\"x\":0";
  constexpr int members = 100'000;
  for (int i = 0; i != members; ++i) {
    up += ",\"n" + std::to_string(i) + "\":0";
    down += ",\"n" + std::to_string(members - 1 - i) + "\":0";
  }
  up += "}";
  down += "}";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(same_content(up, down));
  // Pair by pair it would take minutes; the bound is loose enough for a slow sanitizer.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  down[down.size() - 2] = '1';
  EXPECT_FALSE(same_content(up, down));
}

TEST(Content, RandomDocumentsAreEqualHoweverWrittenAndDifferOnceChanged) {
  JsonMaker maker(test_seed());
  for (int i = 0; i != 2000; ++i) {
    const RandomJson json = maker.container(RandomJson::Kind::object, 4);
    const std::string a = maker.write(json), b = maker.write(json);
    ASSERT_TRUE(same_content(a, b)) << a << '\n' << b;
    ASSERT_EQ(fingerprint("t", a), fingerprint("t", b)) << a << '\n' << b;
    RandomJson other = json;
    maker.change(other);
    const std::string c = maker.write(other);
    ASSERT_FALSE(same_content(a, c)) << a << '\n' << c;
    ASSERT_NE(fingerprint("t", a), fingerprint("t", c)) << a << '\n' << c;
  }
}

TEST(Fingerprint, OfAKnownEventNeverChangesBecauseStoresKeepIt) {
  const auto made = fingerprint("order.created", R"({"n":[1,-2.5e3,true,null],"s":"a string of some length","o":{}})");
  EXPECT_EQ(made.high, 10487143040560671127U);
  EXPECT_EQ(made.low, 11202630671111606995U);
  const auto repeated = fingerprint("order.created", R"({"a":1,"a":2,"a":1})");
  EXPECT_EQ(repeated.high, 4131901863380169430U);
  EXPECT_EQ(repeated.low, 1443694297205939365U);
}

TEST(Fingerprint, HalvesDoNotCollideAmongManySmallDocuments) {
  std::set<std::uint64_t> highs, lows;
  constexpr int count = 20'000;
  for (int i = 0; i != count; ++i) {
    const auto made = fingerprint("t", "{\"a\":" + std::to_string(i % 100) + ",\"b\":" + std::to_string(i / 100) + "}");
    highs.insert(made.high);
    lows.insert(made.low);
  }
  EXPECT_EQ(highs.size(), std::size_t{count});
  EXPECT_EQ(lows.size(), std::size_t{count});
}

TEST(Fingerprint, OneBitOfInputChangesHalfOfTheOutput) {
  int flipped = 0, trials = 0;
  for (const std::size_t size : {1U, 3U, 4U, 7U, 8U, 12U, 16U, 17U, 33U, 100U}) {
    const std::string text(size, '@');
    const auto base = fingerprint("t", "{\"a\":\"" + text + "\"}");
    for (std::size_t at = 0; at != size; ++at) {
      for (int bit = 0; bit != 5; ++bit) {
        std::string other = text;
        other[at] = static_cast<char>(other[at] ^ 1 << bit);
        if (other[at] == '\\') continue;
        const auto made = fingerprint("t", "{\"a\":\"" + other + "\"}");
        const int bits = std::popcount(base.high ^ made.high) + std::popcount(base.low ^ made.low);
        EXPECT_GT(bits, 28);
        EXPECT_LT(bits, 100);
        flipped += bits;
        ++trials;
      }
    }
  }
  EXPECT_NEAR(static_cast<double>(flipped) / trials, 64.0, 1.0);
}

}  // namespace
}  // namespace triggers::event
