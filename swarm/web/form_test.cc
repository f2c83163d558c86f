#include "swarm/web/form.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

TEST(Form, DecodesNamesAndValues) {
  const auto form = Form::parse("user_count=5&host=http%3A%2F%2Flocalhost%3A8000&name=a+b&empty=&flag");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->find("user_count"), "5");
  EXPECT_EQ(form->find("host"), "http://localhost:8000");
  EXPECT_EQ(form->find("name"), "a b");
  EXPECT_EQ(form->find("empty"), "");
  EXPECT_EQ(form->find("flag"), "");
  EXPECT_FALSE(form->find("other"));
}

TEST(Form, KeepsRepeatedFieldsInOrderAndFindsTheLast) {
  const auto form = Form::parse("user_classes=A&x=1&user_classes=B");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->all("user_classes"), (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(form->find("user_classes"), "B");
}

TEST(Form, RefusesABrokenEscapeAndTooManyFields) {
  EXPECT_FALSE(Form::parse("a=%zz"));
  EXPECT_FALSE(Form::parse("a=%4"));
  std::string many;
  for (std::size_t i = 0; i < Form::fields_max; ++i) many += "a=1&";
  EXPECT_TRUE(Form::parse(many));
  EXPECT_FALSE(Form::parse(many + "a=1"));
}

}  // namespace
}  // namespace triggers::swarm
