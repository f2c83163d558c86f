#include "http/wire/url.h"

#include <gtest/gtest.h>

namespace triggers::http {
namespace {

TEST(Url, IsParsedOrRefused) {
  const auto url = parse_url("https://[::1]:8443/path?x=1");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->authority(), "[::1]:8443");
  EXPECT_EQ(url->path, "/path?x=1");
  EXPECT_EQ(parse_url("HTTPS://example.com")->authority(), "example.com");
  EXPECT_EQ(parse_url("http://example.com:80/")->authority(), "example.com");
  for (const char* wrong :
       {"", "example.com", "ftp://a", "http://", "http://a:0", "http://a:x", "http://u@h/",
        "http://a:", "http://a:70000", "http://a b/", "http://[::1", "http://[::1]x80", "http://[::1]80"}) {
    EXPECT_FALSE(parse_url(wrong).ok()) << wrong;
  }
}

TEST(Url, ARefusedOneIsShownUnlessItMayHoldAPassword) {
  EXPECT_NE(parse_url("ftp://host").error().message.find("ftp://host"), std::string::npos);
  for (const char* wrong : {"http://user:password@host/", "password@host", "http://host/ password@"}) {
    EXPECT_EQ(parse_url(wrong).error().message.find("password"), std::string::npos) << wrong;
  }
}

}  // namespace
}  // namespace triggers::http
