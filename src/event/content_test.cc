#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/event.h"
#include "event/random_json.h"

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

TEST(Content, IsAnotherWhenAnyValueKindOrNestingDiffers) {
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

TEST(Content, OfWhatIsNotJsonIsItsBytes) {
  EXPECT_TRUE(same_content("not json", "not json"));
  EXPECT_FALSE(same_content("not json", "not  json"));
  EXPECT_FALSE(same_content("{} x", "{}"));
  EXPECT_FALSE(same_content("", "{}"));
  EXPECT_NE(fingerprint("t", "nope"), fingerprint("t", "nopf"));
}

TEST(Content, ManyMembersAreNotComparedEachWithEach) {
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

TEST(Content, RandomDocumentsAreTheSameHoweverWrittenAndOtherOnceChanged) {
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
