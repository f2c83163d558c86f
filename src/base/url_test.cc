#include "base/url.h"

#include <gtest/gtest.h>

namespace triggers {
namespace {

TEST(Url, IsTakenApartOrRefused) {
  const auto url = parse_url("https://[::1]:8443/path?x=1");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:8443");
  EXPECT_EQ(url->path, "/path?x=1");
  EXPECT_EQ(parse_url("https://example.com")->authority(), "example.com");
  for (const char* wrong : {"", "example.com", "ftp://a", "http://", "http://a:0", "http://a:x", "http://u@h/",
                            "http://a:70000", "http://a b/", "http://[::1]81", "http://[::1"}) {
    EXPECT_FALSE(parse_url(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace triggers
