#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filter/test_filter.h"

namespace triggers::filter {
namespace {

std::vector<std::string> reasons(std::string_view filter, const Event& event) {
  const auto explanation = explain(parsed(filter), event);
  if (!explanation) return {explanation.error().message};
  std::vector<std::string> lines;
  for (const Mismatch& each : explanation->mismatches)
    lines.push_back(each.path + " wants " + each.wanted + ", is " + each.found);
  return lines;
}

TEST(Explain, SaysNothingOfAMatch) {
  EXPECT_TRUE(explain(parsed(R"({"event_type":["t"]})"), event_with("{}"))->matches);
  EXPECT_TRUE(reasons("{}", event_with("{}")).empty());
}

TEST(Explain, NamesEachMemberThatFails) {
  const Event event{"order.created", std::nullopt, R"({"total":5,"tags":["a","b"],"to":{"city":"Ulm"}})", {}};
  EXPECT_THAT(
      reasons(R"({"event_type":[{"prefix":"user."}],"source":["shop"],)"
              R"("payload":{"total":[{"numeric":[">",10]}],"tags":["c"],"to":["x"],"none":{"deep":[1]}}})",
              event),
      testing::ElementsAre(
          R"($.event_type wants [{"prefix":"user."}], is "order.created")", R"($.source wants ["shop"], is nothing)",
          R"($.payload.total wants [{"numeric":[">",10]}], is 5)", R"($.payload.tags wants ["c"], is ["a","b"])",
          R"($.payload.to wants ["x"], is {"city":"Ulm"})", "$.payload.none.deep wants [1], is nothing"));
}

TEST(Explain, TellsOfTheElementThatComesNearest) {
  EXPECT_THAT(reasons(R"({"payload":{"people":{"first":["Anna"],"last":["Jones"]}}})",
                      event_with(R"({"people":[{"first":"Bob","last":"Ray"},[{"first":"Anna","last":"Smith"}]]})")),
              testing::ElementsAre(R"($.payload.people[1][0].last wants ["Jones"], is "Smith")"));
}

TEST(Explain, TellsOfEachBranch) {
  EXPECT_THAT(reasons(R"({"payload":{"$or":[{"a":[1]},{"b":[{"exists":false}]}]}})", event_with(R"({"a":2,"b":null})")),
              testing::ElementsAre("$.payload.a wants [1], is 2", R"($.payload.b wants [{"exists":false}], is null)"));
}

TEST(Explain, SaysWhenAnObjectIsWanted) {
  EXPECT_THAT(reasons(R"({"payload":{"a":{"b":[1]}}})", event_with(R"({"a":5})")),
              testing::ElementsAre("$.payload.a wants an object, is 5"));
}

TEST(Explain, ShowsAListAsItCanBeWritten) {
  EXPECT_THAT(reasons(R"({"payload":{"a":[{"anything-but":{"prefix":["x","y"]}},{"anything-but":{"suffix":"z"}},)"
                      R"({"anything-but":["x1"]},{"prefix":{"equals-ignore-case":"AB"}}]}})",
                      event_with("{}")),
              testing::ElementsAre(
                  R"($.payload.a wants [{"anything-but":{"prefix":["x","y"]}},{"anything-but":{"suffix":"z"}},)"
                  R"({"anything-but":"x1"},{"prefix":{"equals-ignore-case":"AB"}}], is nothing)"));
}

TEST(Explain, RefusesAnEventThatIsNone) {
  for (const char* text : {"", "[]", "5", "{", "{}}", R"({},"x":{})"}) {
    EXPECT_FALSE(explain(parsed("{}"), event_with(text)).ok()) << text;
  }
  EXPECT_FALSE(explain(parsed("{}"), {"t", std::nullopt, "{}", "5"}).ok());
}

TEST(Explain, IsBoundedWhateverTheEventIs) {
  std::string members, filter_members;
  for (int i = 0; i != 30; ++i) {
    const std::string name = "\"" + std::string(100, 'n') + std::to_string(i) + "\":";
    members += (i == 0 ? "" : ",") + name + "\"" + std::string(5000, '\x7f') + "\"";
    filter_members += (i == 0 ? "" : ",") + name + "[\"" + std::string(50, 'w') + "\",{\"prefix\":\"x\"}]";
    if (filter_members.size() > 7000) break;
  }
  const auto explanation = explain(parsed(R"({"payload":{)" + filter_members + "}}"), event_with("{" + members + "}"));
  ASSERT_TRUE(explanation.ok());
  EXPECT_EQ(explanation->mismatches.size(), 10U);
  for (const Mismatch& each : explanation->mismatches) {
    EXPECT_LE(each.path.size(), 4 * 401U);
    EXPECT_LE(each.wanted.size(), 4 * 201U);
    EXPECT_LE(each.found.size(), 4 * 101U);
  }
}

TEST(Explain, ManyElementsAndDeepArraysAreNoTrouble) {
  std::string objects = "{}";
  while (objects.size() < 256 * 1024) objects += ",{}";
  EXPECT_EQ(reasons(R"({"payload":{"v":{"a":[1]}}})", event_with(R"({"v":[)" + objects + "]}")).size(), 1U);
  const std::string deep = std::string(900, '[') + "1" + std::string(900, ']');
  EXPECT_EQ(reasons(R"({"payload":{"v":[2]}})", event_with(R"({"v":)" + deep + "}")).size(), 1U);
}

}  // namespace
}  // namespace triggers::filter
