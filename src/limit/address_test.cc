#include "limit/address.h"

#include <gtest/gtest.h>

namespace triggers::limit {
namespace {

std::vector<Network> networks(std::string_view list) {
  auto parsed = parse_networks(list);
  EXPECT_TRUE(parsed.ok()) << list;
  return parsed.ok() ? *parsed : std::vector<Network>{};
}

bool contains(std::string_view network, std::string_view address) {
  return networks(network).at(0).contains(Address::parse(address).value());
}

TEST(Address, ReadsEveryUsualFormAndWritesTheCanonicalOne) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"10.0.0.1", "10.0.0.1"},
      {"10.0.0.1:8080", "10.0.0.1"},
      {"::ffff:10.0.0.1", "10.0.0.1"},
      {"2001:DB8:0:0::1", "2001:db8::1"},
      {"[2001:db8::1]:443", "2001:db8::1"},
      {"[::1]", "::1"},
      {"fe80::1%eth0", "fe80::1"},
      {"::", "::"},
  };
  for (const auto& [text, canonical] : cases) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), canonical);
  }
}

TEST(Address, RefusesTextThatIsNoAddress) {
  for (const std::string_view text :
       {"", "localhost", "10.0.0", "10.0.0.256", "10.0.0.1:", "10.0.0.1:http", "10.0.0.1:123456", "[10.0.0.1]", "[::1",
        "[::1]x", "[::1]:", "1::2::3", "10.0.0.1 ", "%eth0", "::1%", "10.0.0.1%eth0",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
  EXPECT_FALSE(Address::parse(std::string_view("::1\0x", 5)));
}

TEST(Network, ContainsItsBlockAndNothingElse) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("10.1.2.3/8", "10.9.9.9"));
  EXPECT_TRUE(contains("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(contains("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(contains("10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(contains("10.0.0.1", "10.0.0.2"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
}

TEST(Network, ListNamesTheBadEntry) {
  EXPECT_TRUE(networks("").empty());
  EXPECT_TRUE(networks("  ").empty());
  EXPECT_EQ(networks(" 10.0.0.0/8 ,::1").size(), 2U);
  for (const std::string_view entry : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "proxy", "10.0.0.0/8x"}) {
    const auto parsed = parse_networks("::1," + std::string(entry));
    ASSERT_FALSE(parsed.ok()) << entry;
    EXPECT_NE(parsed.error().message.find(entry), std::string::npos);
  }
  EXPECT_FALSE(parse_networks("10.0.0.1,").ok());
}

TEST(ClientAddress, UntrustedPeerCannotNameAnotherAddress) {
  EXPECT_EQ(client_address("203.0.113.9", "1.1.1.1", networks("10.0.0.0/8")), "203.0.113.9");
  EXPECT_EQ(client_address("10.0.0.1", "1.1.1.1", {}), "10.0.0.1");
}

TEST(ClientAddress, IsTheRightmostThatIsNotTrusted) {
  const auto trusted = networks("10.0.0.0/8");
  EXPECT_EQ(client_address("10.0.0.1", "6.6.6.6, 203.0.113.9 , 10.0.0.2", trusted), "203.0.113.9");
  EXPECT_EQ(client_address("10.0.0.1", "203.0.113.9:5000", trusted), "203.0.113.9");
  EXPECT_EQ(client_address("10.0.0.1", "10.0.0.3,10.0.0.2", trusted), "10.0.0.3");
  EXPECT_EQ(client_address("10.0.0.1", "", trusted), "10.0.0.1");
}

TEST(ClientAddress, InvalidEntryEndsTheWalkAtTheLastValidAddress) {
  const auto trusted = networks("10.0.0.0/8");
  EXPECT_EQ(client_address("10.0.0.1", "203.0.113.9, unknown", trusted), "10.0.0.1");
  EXPECT_EQ(client_address("10.0.0.1", "unknown, 10.0.0.2", trusted), "10.0.0.2");
  EXPECT_EQ(client_address("10.0.0.1", ",,,", trusted), "10.0.0.1");
  EXPECT_EQ(client_address("", "1.1.1.1", trusted), "");
}

}  // namespace
}  // namespace triggers::limit
