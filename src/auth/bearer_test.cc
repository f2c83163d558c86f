#include "auth/bearer.h"

#include <gtest/gtest.h>

#include <string_view>

namespace triggers::auth {
namespace {

TEST(BearerToken, SchemeInAnyCaseThenOneToken) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bEARER   abc"), "abc");
  EXPECT_EQ(bearer_token("Bearer aZ09-._~+/=="), "aZ09-._~+/==");
}

TEST(BearerToken, AnythingElseIsNoToken) {
  for (const std::string_view text : {"", "Bearer", "Bearer ", "Bearer  ", "Bearerabc", "Basic abc", "Bearer a b",
                                      "Bearer abc ", "Bearer\tabc", " Bearer abc", "Bearer a,b", "Bearer =",
                                      "Bearer a=b", "Bearer \"abc\"", "Bearer \xC3\xA4", "Beare", "Bearer a\n"}) {
    EXPECT_FALSE(bearer_token(text)) << text;
  }
  EXPECT_FALSE(bearer_token(std::string_view("Bearer a\0b", 10)));
}

}  // namespace
}  // namespace triggers::auth
