#include "event/members.h"

#include <gtest/gtest.h>

namespace triggers::event {
namespace {

TEST(SplitObject, KeepsEveryValueAsItWasSent) {
  const auto members = split_object(R"( { "a" : 1.0 , "b":{"x": [1, 2]}, "c\n":"t\u00e9", "a":null } )");
  ASSERT_TRUE(members.has_value());
  ASSERT_EQ(members->size(), 4U);
  EXPECT_EQ(members->at(0).name, "a");
  EXPECT_EQ(members->at(0).value, "1.0");
  EXPECT_EQ(members->at(1).value, R"({"x": [1, 2]})");
  EXPECT_EQ(members->at(2).name, "c\\n");
  EXPECT_EQ(members->at(2).value, R"("t\u00e9")");
  EXPECT_EQ(members->at(3).value, "null");
}

TEST(SplitObject, AnEmptyObjectHasNoMembers) {
  const auto members = split_object("{ }");
  ASSERT_TRUE(members.has_value());
  EXPECT_TRUE(members->empty());
}

TEST(SplitObject, RefusesWhatIsNotOneObject) {
  for (const char* text :
       {"", "[]", "null", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{} {}", "{a:1}"}) {
    EXPECT_FALSE(split_object(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace triggers::event
