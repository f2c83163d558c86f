#include "base/percent_encoding.h"

#include <gtest/gtest.h>

namespace triggers {
namespace {

TEST(PercentEncoding, EncodesAllButUnreservedCharactersAndThoseKept) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/c%\xc3\xa9\n"), "a%20b%2Fc%25%C3%A9%0A");
  EXPECT_EQ(percent_encode("%20/ ", "%"), "%20%2F%20");
}

TEST(PercentEncoding, QueryTextIsDecodedOrRefused) {
  EXPECT_EQ(decode_query_text("a+b%2bc%C3%a9"), "a b+c\xc3\xa9");
  EXPECT_EQ(decode_query_text(percent_encode("a+b c/%\x01")), "a+b c/%\x01");
  for (const auto* broken : {"%", "a%4", "%zz", "%4g", "%%41"}) EXPECT_FALSE(decode_query_text(broken)) << broken;
}

}  // namespace
}  // namespace triggers
