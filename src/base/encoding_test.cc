#include "base/encoding.h"

#include <gtest/gtest.h>

#include <string>

namespace triggers {
namespace {

TEST(Encoding, Base64RoundTripsAndRefusesWhatItDidNotMake) {
  EXPECT_EQ(to_base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    bytes.push_back(static_cast<char>(i));
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
  EXPECT_EQ(from_base64(""), "");
  for (const auto* text :
       {"A", "AA", "AAA", "AA=A", "A===", "====", "=", "AB==", "AAB=", "A A=", "AA-_", "AAAAA", "AA==AAAA"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Encoding, Base64UrlRoundTripsAndRefusesWhatItDidNotMake) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string bytes(size, static_cast<char>(0xfb - size));
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
  }
  for (const auto* text : {"A", "AB", "AAA=", "A A", "AA+/", "AAAAA"}) EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(Encoding, HexRoundTrips) {
  EXPECT_EQ(to_hex("\x01\xfe"), "01fe");
  EXPECT_EQ(from_hex("01FE"), "\x01\xfe");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

}  // namespace
}  // namespace triggers
