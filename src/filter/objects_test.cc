// Objects, arrays and `$or` in filters and events.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filter/test_filter.h"

namespace triggers::filter {
namespace {

struct Row {
  std::string pattern, payload;
  bool matches;
};

class Payload : public testing::TestWithParam<Row> {};

TEST_P(Payload, AgainstAnObject) {
  EXPECT_EQ(payload_takes(GetParam().pattern, GetParam().payload), GetParam().matches) << GetParam().pattern << "\n"
                                                                                       << GetParam().payload;
}

const std::string people = R"({"people":[{"first":"Anna","last":"Smith"},{"first":"John","last":"Jones"}]})";
const std::string teams = R"({"people":[[{"first":"Anna","last":"Smith"}],[[{"first":"John","last":"Jones"}]]]})";

INSTANTIATE_TEST_SUITE_P(
    Members, Payload,
    testing::Values(
        Row{R"({"a":[1],"b":[2]})", R"({"b":2,"c":3,"a":1})", true}, Row{R"({"a":[1],"b":[2]})", R"({"a":1})", false},
        Row{R"({"a":{"b":[1]}})", R"({"a":{"b":1}})", true}, Row{R"({"a":{"b":[1]}})", R"({"a":1})", false},
        Row{R"({"a":{"b":[1]}})", R"({"a":{"c":{"b":1}}})", false}, Row{R"({"a.b":[1]})", R"({"a":{"b":1}})", false},
        Row{R"({"a.b":[1]})", R"({"a.b":1})", true}, Row{R"({"caf\u00e9":[1]})", "{\"caf\xc3\xa9\":1}", true},
        Row{R"({"ab":[1]})", R"({"\u0061b":1})", true}, Row{R"({"":[1]})", R"({"":1})", true},
        Row{R"({"a":[1],"b":[1]})", R"({"b":1,"x":{"a":1}})", false}, Row{R"({"a":[1]})", R"({"a":0,"a":1})", true},
        Row{R"({"a":{"x":[1],"y":[2]}})", R"({"a":{"x":1},"a":{"y":2}})", false}));

INSTANTIATE_TEST_SUITE_P(
    ArraysOfObjects, Payload,
    testing::Values(Row{R"({"people":{"first":["Anna"]}})", people, true},
                    Row{R"({"people":{"first":["Anna"],"last":["Smith"]}})", people, true},
                    Row{R"({"people":{"first":["Anna"],"last":["Jones"]}})", people, false},
                    Row{R"({"people":{"first":["Anna"],"last":["Smith"]}})", teams, true},
                    Row{R"({"people":{"first":["Anna"],"last":["Jones"]}})", teams, false},
                    Row{R"({"people":{"first":["John"],"$or":[{"last":["Smith"]},{"age":[5]}]}})", people, false},
                    Row{R"({"people":{"first":["John"],"$or":[{"last":["Jones"]},{"age":[5]}]}})", people, true},
                    Row{R"({"a":{"b":{"x":[1]},"c":[2]}})", R"({"a":[{"b":{"x":1},"c":3},{"b":{"x":0},"c":2}]})",
                        false},
                    Row{R"({"a":{"b":{"x":[1]},"c":[2]}})", R"({"a":[{"b":[{"x":0},{"x":1}],"c":2}]})", true},
                    Row{R"({"a":{"x":[1]}})", R"({"a":[0,"s",{"x":1}]})", true},
                    Row{R"({"a":{"x":[1]}})", R"({"a":[]})", false}));

INSTANTIATE_TEST_SUITE_P(
    Absent, Payload,
    testing::Values(Row{R"({"a":{"b":[{"exists":false}]}})", "{}", true},
                    Row{R"({"a":{"b":[{"exists":false}]}})", R"({"a":5})", true},
                    Row{R"({"a":{"b":[{"exists":false}]}})", R"({"a":{}})", true},
                    Row{R"({"a":{"b":[{"exists":false}]}})", R"({"a":{"b":null}})", false},
                    Row{R"({"a":{"b":[{"exists":false}]}})", R"({"a":[]})", true},
                    Row{R"({"a":{"b":[{"exists":false}]}})", R"({"a":[1]})", true},
                    Row{R"({"a":{"b":[{"exists":false}]}})", R"({"a":[{"b":1},{"c":1}]})", true},
                    Row{R"({"a":{"b":[{"exists":false}]}})", R"({"a":[{"b":1},{"b":2}]})", false},
                    Row{R"({"a":{"b":[{"exists":false}],"c":[1]}})", R"({"a":[{"b":1,"c":1},{"c":2}]})", false},
                    Row{R"({"a":{"b":[{"exists":false}],"c":[1]}})", R"({"a":[{"b":1,"c":2},{"c":1}]})", true},
                    Row{R"({"a":{"b":[{"exists":false}],"c":[1]}})", "{}", false},
                    Row{R"({"a":{"b":{"c":[{"exists":false}]}}})", R"({"a":{"x":1}})", true}));

INSTANTIATE_TEST_SUITE_P(
    Or, Payload,
    testing::Values(Row{R"({"$or":[{"a":[1]},{"b":[2]}]})", R"({"b":2})", true},
                    Row{R"({"$or":[{"a":[1]},{"b":[2]}]})", R"({"a":2,"b":1})", false},
                    Row{R"({"c":[3],"$or":[{"a":[1]},{"b":[2]}]})", R"({"a":1})", false},
                    Row{R"({"c":[3],"$or":[{"a":[1]},{"b":[2]}]})", R"({"a":1,"c":3})", true},
                    Row{R"({"$or":[{"a":[1],"$or":[{"b":[1]},{"c":[1]}]},{"d":[1]}]})", R"({"a":1,"c":1})", true},
                    Row{R"({"$or":[{"a":[1],"$or":[{"b":[1]},{"c":[1]}]},{"d":[1]}]})", R"({"a":1,"d":2})", false},
                    Row{R"({"$or":[{"a":[{"exists":false}]},{"b":[2]}]})", "{}", true},
                    Row{R"({"$or":[{"a":[{"exists":false}]},{"b":[2]}]})", R"({"a":1})", false},
                    Row{R"({"$or":[{"a":{"x":[1]}},{"a":{"y":[1]}}]})", R"({"a":{"y":1}})", true}));

TEST(Events, AreTakenByTheirFourMembers) {
  const Event event{"order.created", "shop", R"({"total":5})", R"({"region":"eu"})"};
  for (const char* filter :
       {"{}", R"({"event_type":["order.created"]})", R"({"event_type":[{"prefix":"order."}],"source":["shop"]})",
        R"({"metadata":{"region":["eu"]},"payload":{"total":[5]}})",
        R"({"$or":[{"source":["other"]},{"metadata":{"region":["eu"]}}]})",
        R"({"$or":[{"event_type":["other"]},{"payload":{"total":[{"numeric":["<",6]}]}}]})"}) {
    EXPECT_TRUE(takes(filter, event)) << filter;
  }
  for (const char* filter :
       {R"({"event_type":["order.deleted"]})", R"({"event_type":["order.created"],"source":["other"]})",
        R"({"source":[{"exists":false}]})", R"({"metadata":{"region":["us"]}})",
        R"({"event_type":["x"],"payload":{"total":[5]}})"}) {
    EXPECT_FALSE(takes(filter, event)) << filter;
  }
}

TEST(Events, WithoutSourceAndMetadataHaveNothingThere) {
  const Event event{"t", std::nullopt, "{}", {}};
  EXPECT_TRUE(takes(R"({"source":[{"exists":false}]})", event));
  EXPECT_FALSE(takes(R"({"source":[{"exists":true}]})", event));
  EXPECT_TRUE(takes(R"({"metadata":{"a":[{"exists":false}]}})", event));
  EXPECT_FALSE(takes(R"({"metadata":{"a":[1]}})", event));
}

TEST(FilterSet, AnswersForEachFilterAndForgetsTheLastEvent) {
  Evaluator evaluator(
      set_of({R"({"payload":{"a":[1]}})", "{}", R"({"payload":{"a":[2]}})", R"({"payload":{"a":[1],"b":[1]}})",
              R"({"payload":{"a":[1]}})", R"({"payload":{"a":[{"exists":false}]}})"}));
  const auto answer = [&](std::string_view payload) {
    return evaluator.evaluate(event_with(payload))->to_string().substr(filters_max - 6);
  };
  EXPECT_EQ(answer(R"({"a":1})"), "010011");
  EXPECT_EQ(answer(R"({"a":2,"b":1})"), "000110");
  EXPECT_EQ(answer(R"({"a":[1,2],"b":1})"), "011111");
  EXPECT_EQ(answer("{}"), "100010");
}

TEST(FilterSet, DoesNotTouchAPayloadThatNobodyAsksFor) {
  Evaluator none(set_of({R"({"event_type":["a"]})", R"({"metadata":{"m":[1]}})", "{}"}));
  const auto matches = none.evaluate({"a", std::nullopt, "this is no JSON", R"({"m":1})"});
  ASSERT_TRUE(matches.ok());
  EXPECT_EQ(matches->count(), 3U);
  // A filter that has failed already, or holds already, asks for nothing either.
  Evaluator decided(set_of(
      {R"({"event_type":["b"],"payload":{"a":[1]}})", R"({"$or":[{"event_type":["a"]},{"payload":{"a":[1]}}]})"}));
  const auto early = decided.evaluate({"a", std::nullopt, "this is no JSON", {}});
  ASSERT_TRUE(early.ok());
  EXPECT_EQ(early->to_ulong(), 2U);
  EXPECT_FALSE(decided.evaluate({"b", std::nullopt, "this is no JSON", {}}).ok());
}

TEST(FilterSet, RefusesMoreThanAHundredFilters) {
  EXPECT_TRUE(FilterSet::make(std::vector<Filter>(100, parsed("{}"))).ok());
  const auto set = FilterSet::make(std::vector<Filter>(101, parsed("{}")));
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().code, ErrorCode::too_large);
}

TEST(FilterSet, RefusesTooManyConditionsAtOnePathAndNamesIt) {
  std::vector<Filter> filters;
  for (int filter = 0; filter != 5; ++filter) {
    std::string list;
    for (int i = 0; i != 64; ++i) {
      list.append(i == 0 ? "" : ",").append(R"({"prefix":")").append(std::to_string(filter * 64 + i)).append(R"("})");
    }
    filters.push_back(parsed(R"({"payload":{"a":{"b":[)" + list + "]}}}"));
  }
  EXPECT_TRUE(FilterSet::make({filters[0], filters[1], filters[2], filters[3], filters[0]}).ok());
  const auto set = FilterSet::make(filters);
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().code, ErrorCode::too_large);
  EXPECT_NE(set.error().message.find("filter 5 of 5"), std::string::npos) << set.error().message;
  EXPECT_NE(set.error().message.find("$.payload.a.b"), std::string::npos) << set.error().message;
}

TEST(Evaluator, RefusesAPayloadThatIsNoObject) {
  Evaluator evaluator(set_of({R"({"payload":{"a":[1]}})"}));
  for (const char* text : {"", "[]", "5", "{", R"({"a":1)", R"({"a":01})", R"({"a":1}})", R"({"b":"\x"})"}) {
    EXPECT_FALSE(evaluator.evaluate(event_with(text)).ok()) << text;
  }
  EXPECT_TRUE(evaluator.evaluate(event_with(R"({"a":1})")).ok());
}

TEST(Evaluator, RefusesWhatIsNestedDeeperThanAnyPayload) {
  Evaluator evaluator(set_of({R"({"payload":{"a":{"b":[1]}}})"}));
  for (const char* name : {"a", "unasked"}) {
    for (const std::size_t levels : {900U, 100'000U}) {
      const std::string deep =
          std::string(R"({")") + name + "\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
      EXPECT_EQ(evaluator.evaluate(event_with(deep)).ok(), levels == 900U) << name;
    }
  }
}

TEST(Evaluator, FindsAMemberAmongVeryMany) {
  std::string wide = "{";
  for (int i = 0; i != 20'000; ++i) wide += "\"m" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  EXPECT_TRUE(payload_takes(R"({"m19999":[19999],"last":["x"]})", wide + R"("last":"x"})"));
  EXPECT_FALSE(payload_takes(R"({"m19999":[19998]})", wide + R"("last":"x"})"));
}

}  // namespace
}  // namespace triggers::filter
