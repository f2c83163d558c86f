#include "swarm/load/target.h"

#include <gtest/gtest.h>

#include <string>

namespace triggers::swarm {
namespace {

TEST(Target, ReadsUrls) {
  const auto target = Target::parse("http://localhost:8000/v1/");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target.value().host, "localhost");
  EXPECT_EQ(target.value().port, 8000);
  EXPECT_EQ(target.value().base_path, "/v1");
  EXPECT_FALSE(target.value().tls);
  EXPECT_EQ(Target::parse("https://127.0.0.1").value().port, 443);
  EXPECT_EQ(Target::parse("http://[::1]:81").value().host, "::1");
}

TEST(Target, ItsAuthorityIsTheHostAndAnUnusualPort) {
  EXPECT_EQ(Target::parse("http://localhost:8000/v1").value().authority, "localhost:8000");
  EXPECT_EQ(Target::parse("http://127.0.0.1").value().authority, "127.0.0.1");
  EXPECT_EQ(Target::parse("https://127.0.0.1:443").value().authority, "127.0.0.1");
  EXPECT_EQ(Target::parse("http://[::1]:81").value().authority, "[::1]:81");
}

TEST(Target, RefusesWhatIsNoUrlOfAService) {
  for (const char* url : {"", "localhost:8000", "ftp://localhost", "http://", "http://:8000", "http://localhost:0",
                          "http://localhost:99999", "http://localhost:80a", "http://user@localhost", "http://[::1",
                          "http://localhost/a b"}) {
    EXPECT_EQ(Target::parse(url).ok() ? ErrorCode::internal : Target::parse(url).error().code,
              ErrorCode::invalid_argument)
        << url;
  }
}

TEST(Target, ASchemeIgnoresCaseAndAnOddCharacterIsShownEscaped) {
  EXPECT_TRUE(Target::parse("HTTP://127.0.0.1:8000").ok());
  const auto tls = Target::parse("hTTPs://127.0.0.1");
  ASSERT_TRUE(tls.ok());
  EXPECT_TRUE(tls->tls);
  for (const std::string url :
       {"http://127.0.0.1\r", "http://127.0.0.1/v1\n", "http://127.0.0.1/a\tb", "http://a\x1b[2J"}) {
    const auto parsed = Target::parse(url);
    ASSERT_FALSE(parsed.ok()) << url;
    EXPECT_EQ(parsed.error().message.find_first_of("\r\n\t\x1b"), std::string::npos) << parsed.error().message;
  }
}

TEST(Target, NoMessageShowsAPassword) {
  for (const std::string url :
       {"http://user:hidden@localhost", "https://user:hidden@localhost:8000/v1", "http://user:hid/den@localhost",
        "user:hidden@localhost", "http://user:hidden@", "http://user:a@hidden@localhost",
        "http://user..invalid:80/hidden@localhost", "ftp://hidden@localhost"}) {
    const auto parsed = Target::parse(url);
    ASSERT_FALSE(parsed.ok()) << url;
    EXPECT_EQ(parsed.error().message.find("hid"), std::string::npos) << parsed.error().message;
    EXPECT_NE(parsed.error().message.find("***@"), std::string::npos) << parsed.error().message;
  }
  EXPECT_NE(Target::parse("http://u:p@localhost").error().message.find("'http://***@localhost' is not the URL"),
            std::string::npos);
  EXPECT_EQ(without_user("http://localhost:8000"), "http://localhost:8000");
}

}  // namespace
}  // namespace triggers::swarm
