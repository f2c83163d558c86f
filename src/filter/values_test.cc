// Each operator on single values.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filter/test_filter.h"

namespace triggers::filter {
namespace {

struct Row {
  std::string list, value;
  bool matches;
};

class OneValue : public testing::TestWithParam<Row> {};

TEST_P(OneValue, AgainstAList) {
  EXPECT_EQ(list_takes(GetParam().list, GetParam().value), GetParam().matches)
      << GetParam().list << " " << GetParam().value;
}

INSTANTIATE_TEST_SUITE_P(
    Literals, OneValue,
    testing::Values(Row{R"(["running"])", R"("running")", true}, Row{R"(["running"])", R"("Running")", false},
                    Row{R"(["a","b"])", R"("b")", true}, Row{R"(["a","b"])", R"("c")", false},
                    Row{R"([""])", R"("")", true}, Row{R"([""])", "null", false}, Row{"[null]", "null", true},
                    Row{"[null]", R"("")", false}, Row{"[null]", R"("null")", false}, Row{"[true]", "true", true},
                    Row{"[true]", "false", false}, Row{"[true]", R"("true")", false}, Row{"[false]", "false", true},
                    Row{"[5]", R"("5")", false}, Row{R"(["5"])", "5", false},
                    Row{R"(["caf\u00e9"])", "\"caf\xc3\xa9\"", true},
                    Row{"[\"caf\xc3\xa9\"]", R"("\u0063af\u00e9")", true}, Row{R"(["a/b"])", R"("a\/b")", true},
                    Row{R"(["\ud83d\ude00"])", "\"\xf0\x9f\x98\x80\"", true}, Row{R"(["\n"])", R"("\u000a")", true},
                    Row{R"(["a"])", R"({"a":1})", false}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, OneValue,
    testing::Values(
        Row{"[1]", "1.0", true}, Row{"[1]", "10e-1", true}, Row{"[1.50]", "1.5", true}, Row{"[0]", "-0.0", true},
        Row{"[9223372036854775808]", "9223372036854775808", true},
        Row{"[9223372036854775808]", "9223372036854775807", false},
        Row{"[9007199254740993]", "9007199254740992", false}, Row{"[1e999999999]", "10e999999998", true},
        Row{"[1e999999999]", "1e999999998", false}, Row{"[100]", "1e2", true},
        Row{"[0.1]", "0.10000000000000001", false}, Row{"[1,1.0,2]", "2", true},
        Row{"[" + std::string(400, '3') + "]", std::string(400, '3') + ".0", true},
        Row{"[" + std::string(400, '3') + "]", std::string(399, '3') + "4", false},
        Row{R"([{"numeric":[">",0,"<=",5]}])", "5", true}, Row{R"([{"numeric":[">",0,"<=",5]}])", "0", false},
        Row{R"([{"numeric":[">",0,"<=",5]}])", "0.0000000001", true},
        Row{R"([{"numeric":[">",0,"<=",5]}])", "5.0000000000000000000000001", false},
        Row{R"([{"numeric":["<=",5,">",0]}])", "3", true}, Row{R"([{"numeric":["<",10]}])", "-1e999999999", true},
        Row{R"([{"numeric":["<",10]}])", "10", false}, Row{R"([{"numeric":[">=",10]}])", "1e1", true},
        Row{R"([{"numeric":["=",3.018e2]}])", "301.8", true}, Row{R"([{"numeric":["=",1]}])", "1.1", false},
        Row{R"([{"numeric":[">=",5,"<=",5]}])", "5.0", true}, Row{R"([{"numeric":[">",0]}])", R"("5")", false},
        Row{R"([{"numeric":[">",0]}])", "true", false}, Row{R"([{"numeric":[">",-1]}])", "null", false},
        Row{R"([{"numeric":[">",6000000000]}])", "6000000001", true}));

INSTANTIATE_TEST_SUITE_P(
    Texts, OneValue,
    testing::Values(
        Row{R"([{"prefix":"us-"}])", R"("us-east-1")", true}, Row{R"([{"prefix":"us-"}])", R"("eu-us-")", false},
        Row{R"([{"prefix":"us-"}])", R"("us")", false}, Row{R"([{"prefix":""}])", R"("")", true},
        Row{R"([{"prefix":""}])", "5", false}, Row{R"([{"prefix":"1"}])", "12", false},
        Row{R"([{"prefix":{"equals-ignore-case":"EventB"}}])", R"("eventbridge")", true},
        Row{R"([{"prefix":{"equals-ignore-case":"EventB"}}])", R"("bridge")", false},
        Row{R"([{"suffix":".png"}])", R"("a.png")", true}, Row{R"([{"suffix":".png"}])", R"("a.png ")", false},
        Row{R"([{"suffix":{"equals-ignore-case":".PNG"}}])", R"("a.pNg")", true},
        Row{R"([{"equals-ignore-case":"alice"}])", R"("ALICE")", true},
        Row{R"([{"equals-ignore-case":"alice"}])", R"("alices")", false},
        Row{R"([{"equals-ignore-case":"M\u00dcNCHEN"}])", "\"m\xc3\xbcnchen\"", true},
        Row{R"([{"equals-ignore-case":"\u03a3"}])", R"("\u03c2")", true},
        Row{R"([{"equals-ignore-case":"\u0416"}])", R"("\u0436")", true},
        Row{R"([{"equals-ignore-case":"stra\u00dfe"}])", R"("STRASSE")", false},
        Row{R"([{"equals-ignore-case":"1"}])", "1", false}, Row{R"([{"wildcard":"*/lib/*"}])", R"("/usr/lib/x")", true},
        Row{R"([{"wildcard":"*/lib/*"}])", R"("/usr/lib")", false}, Row{R"([{"wildcard":"\\*"}])", R"("*")", true},
        Row{R"([{"wildcard":"\\*"}])", R"("x")", false}, Row{R"([{"wildcard":"\\\\*"}])", R"("\\x")", true},
        Row{R"([{"wildcard":"*"}])", "5", false}));

INSTANTIATE_TEST_SUITE_P(Addresses, OneValue,
                         testing::Values(Row{R"([{"cidr":"10.0.0.0/24"}])", R"("10.0.0.255")", true},
                                         Row{R"([{"cidr":"10.0.0.0/24"}])", R"("10.0.1.0")", false},
                                         Row{R"([{"cidr":"10.0.0.77/24"}])", R"("10.0.0.1")", true},
                                         Row{R"([{"cidr":"0.0.0.0/0"}])", R"("1.2.3.4")", true},
                                         Row{R"([{"cidr":"0.0.0.0/0"}])", R"("::1")", false},
                                         Row{R"([{"cidr":"::/0"}])", R"("1.2.3.4")", false},
                                         Row{R"([{"cidr":"10.0.0.1/32"}])", R"("10.0.0.1")", true},
                                         Row{R"([{"cidr":"10.0.0.0/9"}])", R"("10.128.0.0")", false},
                                         Row{R"([{"cidr":"2001:db8::/32"}])", R"("2001:0DB8:1::5")", true},
                                         Row{R"([{"cidr":"2001:db8::/33"}])", R"("2001:db8:8000::")", false},
                                         Row{R"([{"cidr":"10.0.0.0/8"}])", R"("::ffff:10.1.1.1")", true},
                                         Row{R"([{"cidr":"10.0.0.0/8"}])", R"("10.0.0.1 ")", false},
                                         Row{R"([{"cidr":"10.0.0.0/8"}])", R"("10.0.0.1:80")", false},
                                         Row{R"([{"cidr":"10.0.0.0/8"}])", R"("host")", false},
                                         Row{R"([{"cidr":"10.0.0.0/8"}])", "10", false}));

INSTANTIATE_TEST_SUITE_P(
    AnythingBut, OneValue,
    testing::Values(Row{R"([{"anything-but":"a"}])", R"("b")", true}, Row{R"([{"anything-but":"a"}])", R"("a")", false},
                    Row{R"([{"anything-but":["a","b"]}])", R"("b")", false},
                    Row{R"([{"anything-but":["a","b"]}])", R"("c")", true}, Row{R"([{"anything-but":"a"}])", "5", true},
                    Row{R"([{"anything-but":"a"}])", "null", true}, Row{R"([{"anything-but":"a"}])", "true", true},
                    Row{R"([{"anything-but":"a"}])", "{}", false}, Row{R"([{"anything-but":5}])", "5.0", false},
                    Row{R"([{"anything-but":5}])", "6", true}, Row{R"([{"anything-but":[100,200]}])", "2e2", false},
                    Row{R"([{"anything-but":[100,200]}])", R"("200")", true},
                    Row{R"([{"anything-but":{"prefix":"init"}}])", R"("initial")", false},
                    Row{R"([{"anything-but":{"prefix":"init"}}])", R"("ended")", true},
                    Row{R"([{"anything-but":{"prefix":"1"}}])", "12", true},
                    Row{R"([{"anything-but":{"prefix":["a","b"]}}])", R"("bc")", false},
                    Row{R"([{"anything-but":{"prefix":{"equals-ignore-case":"AB"}}}])", R"("abc")", false},
                    Row{R"([{"anything-but":{"suffix":[".png",".jpg"]}}])", R"("a.jpg")", false},
                    Row{R"([{"anything-but":{"suffix":".png"}}])", R"("a.jpg")", true},
                    Row{R"([{"anything-but":{"equals-ignore-case":["a","b"]}}])", R"("B")", false},
                    Row{R"([{"anything-but":{"equals-ignore-case":"a"}}])", R"("b")", true},
                    Row{R"([{"anything-but":{"wildcard":"*/lib/*"}}])", R"("/lib/x")", false},
                    Row{R"([{"anything-but":{"wildcard":["*a","*b"]}}])", R"("c")", true}));

INSTANTIATE_TEST_SUITE_P(
    Exists, OneValue,
    testing::Values(Row{R"([{"exists":true}])", "null", true}, Row{R"([{"exists":false}])", "null", false},
                    Row{R"([{"exists":true}])", R"("")", true}, Row{R"([{"exists":true}])", "{}", false},
                    Row{R"([{"exists":false}])", R"({"x":1})", true}, Row{R"([{"exists":true}])", "[]", false},
                    Row{R"([{"exists":false}])", "[]", true}, Row{R"([{"exists":true}])", "[[0]]", true},
                    Row{R"(["a",{"exists":false}])", R"("b")", false},
                    Row{R"(["a",{"exists":false}])", R"("a")", true}));

INSTANTIATE_TEST_SUITE_P(Arrays, OneValue,
                         testing::Values(Row{R"(["a","b"])", R"(["x","b"])", true},
                                         Row{R"(["a","b"])", R"(["x","y"])", false},
                                         Row{R"(["a"])", R"([["x"],[["a"]]])", true}, Row{"[1]", "[2,1.0]", true},
                                         Row{"[null]", "[null]", true}, Row{"[null]", "[]", false},
                                         Row{R"([{"anything-but":"a"}])", R"(["a"])", false},
                                         Row{R"([{"anything-but":"a"}])", R"(["a","b"])", true},
                                         Row{R"([{"anything-but":"a"}])", "[]", false},
                                         Row{R"([{"numeric":[">",5]}])", R"(["9",3,7])", true},
                                         Row{R"(["a"])", R"([{"a":1},"a"])", true},
                                         Row{R"(["a"])", R"([{"v":"a"}])", false}));

TEST(Values, AbsentIsNotNull) {
  EXPECT_FALSE(payload_takes(R"({"v":[null]})", "{}"));
  EXPECT_FALSE(payload_takes(R"({"v":[{"exists":true}]})", "{}"));
  EXPECT_TRUE(payload_takes(R"({"v":[{"exists":false}]})", "{}"));
  EXPECT_TRUE(payload_takes(R"({"v":["a",{"exists":false}]})", "{}"));
  EXPECT_FALSE(payload_takes(R"({"v":[{"anything-but":"a"}]})", "{}"));
}

}  // namespace
}  // namespace triggers::filter
