#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filter/bounds.h"
#include "filter/filter.h"

namespace triggers::filter {
namespace {

struct Row {
  std::string filter, path, message;  ///< The message's part.
};

class Refused : public testing::TestWithParam<Row> {};

TEST_P(Refused, WithThePathOfTheFault) {
  const auto parsed = Filter::parse(GetParam().filter);
  ASSERT_FALSE(parsed.ok()) << GetParam().filter;
  EXPECT_EQ(parsed.error().path, GetParam().path) << GetParam().filter;
  EXPECT_THAT(parsed.error().message, testing::HasSubstr(GetParam().message)) << GetParam().filter;
  EXPECT_LE(parsed.error().message.size(), 500U);
  EXPECT_TRUE(parsed.error().message.ends_with('.')) << parsed.error().message;
}

std::string payload(std::string_view list) { return std::string(R"({"payload":{"v":)").append(list).append("}}"); }

std::string numbers(int count) {
  std::string list = "[";
  for (int i = 0; i != count; ++i) list.append(i == 0 ? "" : ",").append(std::to_string(i));
  return list + "]";
}

const std::string deep = [] {
  std::string text = R"({"payload":)";
  for (int i = 0; i != 31; ++i) text += R"({"a":)";
  return text + "[1]" + std::string(32, '}');
}();

INSTANTIATE_TEST_SUITE_P(
    Whole, Refused,
    testing::Values(Row{"", "$", "not valid JSON at byte offset 0"}, Row{"{", "$", "not valid JSON at byte offset 1"},
                    Row{"{} x", "$", "more after the end"}, Row{"[]", "$", "A filter is an object"},
                    Row{"null", "$", "this is null"}, Row{"\"\xff\"", "$", "not valid UTF-8 at byte offset 1"},
                    Row{R"({"event_type":["\ud800"]})", "$", "surrogate"},
                    Row{std::string(9000, ' '), "$", "9000 bytes; at most 8192"}, Row{deep, "$", "over 32 levels"}));

INSTANTIATE_TEST_SUITE_P(
    Members, Refused,
    testing::Values(
        Row{R"({"type":["a"]})", "$.type", "the four are event_type, source, payload and metadata"},
        Row{R"({"$or":[{"event_type":["a"]},{"detail":["b"]}]})", "$.$or[1].detail", "the four are"},
        Row{R"({"event_type":"a"})", "$.event_type", "A value stands in a list"},
        Row{R"({"event_type":{"a":["b"]}})", "$.event_type", "is a string in each event"},
        Row{R"({"source":{}})", "$.source", "is a string in each event"},
        Row{R"({"payload":["a"]})", "$.payload", "is an object in each event"},
        Row{R"({"metadata":[{"exists":false}]})", "$.metadata", "is an object in each event"},
        Row{R"({"payload":{}})", "$.payload", "An empty object asks for nothing"},
        Row{R"({"payload":{"a":{"b":{}}}})", "$.payload.a.b", "An empty object asks for nothing"},
        Row{R"({"payload":{"a":{"b":true}}})", "$.payload.a.b", "but this is true"},
        Row{R"({"payload":{"a":[1],"b":[2],"\u0061":[3]}})", "$.payload.a", "this member twice"},
        Row{R"({"event_type":["a"],"event_type":["b"]})", "$.event_type", "this member twice"},
        Row{R"({"payload":{"with space":1}})", R"($.payload["with space"])", "A value stands in a list"},
        Row{R"({"payload":{"$or":{"a":[1]}}})", "$.payload.$or", "needs a list of objects, but this is an object"},
        Row{R"({"payload":{"$or":[{"a":[1]}]}})", "$.payload.$or", "at least two objects"},
        Row{R"({"payload":{"$or":[]}})", "$.payload.$or", "at least two objects"},
        Row{R"({"payload":{"$or":[{"a":[1]},5]}})", "$.payload.$or[1]", "A branch of `$or` is an object"},
        Row{R"({"payload":{"$or":[{"a":[1]},{}]}})", "$.payload.$or[1]", "An empty object"},
        Row{R"({"payload":{"$or":[{"a":[1]},{"numeric":[">",1]}]}})", "$.payload.$or[1].numeric", "is an operator"},
        Row{R"({"payload":{"$or":[{"a":[1]},{"b":{"prefix":["x"]}}]}})", "$.payload.$or[1].b.prefix",
            "is an operator"}));

INSTANTIATE_TEST_SUITE_P(
    Lists, Refused,
    testing::Values(Row{payload("[]"), "$.payload.v", "An empty list matches nothing"},
                    Row{payload("[1,[2]]"), "$.payload.v[1]", "A list within a list"},
                    Row{payload("[{}]"), "$.payload.v[0]", "An empty object is no matcher"},
                    Row{payload(R"([{"prefix":"a","suffix":"b"}])"), "$.payload.v[0]", "A matcher has one operator"},
                    Row{payload(R"(["a",{"startswith":"a"}])"), "$.payload.v[1].startswith",
                        "`startswith` is no operator; the operators are prefix"},
                    Row{payload(R"([{"\u0000":1}])"), "$.payload.v[0][\"\xef\xbf\xbd\"]", "is no operator"},
                    Row{payload(numbers(65)), "$.payload.v[64]", "more than 64 values"},
                    Row{payload(R"([{"anything-but":)" + numbers(65) + "}]"), "$.payload.v[0].anything-but[64]",
                        "more than 64"}));

INSTANTIATE_TEST_SUITE_P(
    Texts, Refused,
    testing::Values(
        Row{payload(R"([{"prefix":5}])"), "$.payload.v[0].prefix",
            "needs a string, like {\"prefix\":\"abc\"}, but this is a number"},
        Row{payload(R"([{"suffix":["a"]}])"), "$.payload.v[0].suffix", "but this is a list"},
        Row{payload(R"([{"prefix":{"wildcard":"a"}}])"), "$.payload.v[0].prefix.wildcard", "with `equals-ignore-case`"},
        Row{payload(R"([{"suffix":{}}])"), "$.payload.v[0].suffix", "An empty object"},
        Row{payload(R"([{"prefix":{"equals-ignore-case":1}}])"), "$.payload.v[0].prefix.equals-ignore-case",
            "needs a string"},
        Row{payload(R"([{"equals-ignore-case":null}])"), "$.payload.v[0].equals-ignore-case", "but this is null"},
        Row{payload(R"([{"wildcard":true}])"), "$.payload.v[0].wildcard", "but this is true"},
        Row{payload(R"([{"wildcard":"a**b"}])"), "$.payload.v[0].wildcard", "two asterisks"},
        Row{payload(R"([{"wildcard":"a\\b"}])"), "$.payload.v[0].wildcard", "a backslash stands only before"},
        Row{payload(R"([{"exists":"true"}])"), "$.payload.v[0].exists", "needs true or false, but this is a string"},
        Row{payload(R"([{"cidr":"10.0.0.0"}])"), "$.payload.v[0].cidr", "a slash and the bits"},
        Row{payload(R"([{"cidr":"10.0.0/8"}])"), "$.payload.v[0].cidr", "neither an IPv4 nor an IPv6"},
        Row{payload(R"([{"cidr":"10.0.0.0/33"}])"), "$.payload.v[0].cidr", "from 0 to 32"},
        Row{payload(R"([{"cidr":"::/129"}])"), "$.payload.v[0].cidr", "from 0 to 128"},
        Row{payload(R"([{"cidr":"::/-1"}])"), "$.payload.v[0].cidr", "from 0 to 128"},
        Row{payload(R"([{"cidr":8}])"), "$.payload.v[0].cidr", "needs a string"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Refused,
    testing::Values(
        Row{payload(R"([{"numeric":5}])"), "$.payload.v[0].numeric", "needs a list"},
        Row{payload(R"([{"numeric":[]}])"), "$.payload.v[0].numeric", "this has 0 elements"},
        Row{payload(R"([{"numeric":[">"]}])"), "$.payload.v[0].numeric", "this has 1 elements"},
        Row{payload(R"([{"numeric":[">",1,"<",2,"<",3]}])"), "$.payload.v[0].numeric", "this has 6 elements"},
        Row{payload(R"([{"numeric":["!=",1]}])"), "$.payload.v[0].numeric[0]", "A comparison is one of"},
        Row{payload(R"([{"numeric":[1,1]}])"), "$.payload.v[0].numeric[0]", "A comparison is one of"},
        Row{payload(R"([{"numeric":[">","1"]}])"), "$.payload.v[0].numeric[1]", "a number has no quotes"},
        Row{payload(R"([{"numeric":[">",1,"<",null]}])"), "$.payload.v[0].numeric[3]", "compares with a number"},
        Row{payload(R"([{"numeric":[">",1,">=",2]}])"), "$.payload.v[0].numeric[2]", "Two comparisons are a range"},
        Row{payload(R"([{"numeric":["=",1,"<",2]}])"), "$.payload.v[0].numeric[2]", "Two comparisons are a range"},
        Row{payload(R"([{"numeric":["<",1,"=",2]}])"), "$.payload.v[0].numeric[2]", "stands alone"},
        Row{payload(R"([{"numeric":[">",5,"<",5]}])"), "$.payload.v[0].numeric", "No number is in this range"},
        Row{payload(R"([{"numeric":[">=",6,"<=",5]}])"), "$.payload.v[0].numeric", "No number is in this range"}));

INSTANTIATE_TEST_SUITE_P(
    AnythingBut, Refused,
    testing::Values(
        Row{payload(R"([{"anything-but":null}])"), "$.payload.v[0].anything-but", "but this is null"},
        Row{payload(R"([{"anything-but":[]}])"), "$.payload.v[0].anything-but", "excludes nothing"},
        Row{payload(R"([{"anything-but":["a",1]}])"), "$.payload.v[0].anything-but[1]", "this one mixes them"},
        Row{payload(R"([{"anything-but":["a",true]}])"), "$.payload.v[0].anything-but[1]", "but this is true"},
        Row{payload(R"([{"anything-but":{"numeric":[">",1]}}])"), "$.payload.v[0].anything-but.numeric",
            "the operators are prefix, suffix"},
        Row{payload(R"([{"anything-but":{"prefix":""}}])"), "$.payload.v[0].anything-but.prefix",
            "at least one character"},
        Row{payload(R"([{"anything-but":{"suffix":["a",""]}}])"), "$.payload.v[0].anything-but.suffix[1]",
            "at least one character"},
        Row{payload(R"([{"anything-but":{"wildcard":[]}}])"), "$.payload.v[0].anything-but.wildcard",
            "excludes nothing"},
        Row{payload(R"([{"anything-but":{"wildcard":["a",3]}}])"), "$.payload.v[0].anything-but.wildcard[1]",
            "needs a string"},
        Row{payload(R"([{"anything-but":{"prefix":"a","suffix":"b"}}])"), "$.payload.v[0].anything-but",
            "has one operator"}));

TEST(Filter, TakesWhatIsAtTheLimits) {
  EXPECT_TRUE(Filter::parse(payload(numbers(64))).ok());
  std::string padded = R"({"event_type":["a"]})";
  padded.resize(filter_bytes_max, ' ');
  EXPECT_TRUE(Filter::parse(padded).ok());
  EXPECT_TRUE(Filter::parse(" {} ").ok());
}

}  // namespace
}  // namespace triggers::filter
