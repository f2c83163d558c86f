#include "store/rocks/format/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/uuid7.h"

namespace triggers::store::layout {
namespace {

UnixMillis at(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }
event::EventId id_of(unsigned char byte) {
  event::EventId id;
  id.bytes.fill(byte);
  return id;
}

constexpr HashSeed seed{1, 2};

/// Names that would run into each other without their length.
const std::vector<std::string> tenants = {"a",
                                          "aa",
                                          "a/",
                                          std::string("a\0b", 3),
                                          "\xff",
                                          "\xff\xff",
                                          std::string(255, '\xff'),
                                          "\x01",
                                          std::string(255, 'a')};

TEST(LayoutTest, NoTenantsKeysStartWithAnothersPrefix) {
  for (const auto& one : tenants) {
    for (const auto& other : tenants) {
      if (one == other) continue;
      EXPECT_FALSE(pending_key(other, "default", id_of(1)).starts_with(pending_prefix(one, "default")));
      EXPECT_NE(event_key(one, id_of(1)), event_key(other, id_of(1)));
      EXPECT_NE(idempotency_key(seed, one, "x"), idempotency_key(seed, other, "x"));
    }
  }
}

TEST(LayoutTest, NameAndKeyAreNotTakenForEachOther) {
  EXPECT_NE(idempotency_key(seed, "a", "bc"), idempotency_key(seed, "ab", "c"));
  EXPECT_NE(pending_prefix("a", "bc"), pending_prefix("ab", "c"));
}

TEST(LayoutTest, PendingKeysSortAsTheirIds) {
  Uuid7Generator ids;
  std::vector<std::string> keys;
  for (int ms = 0; ms < 1000; ++ms) keys.push_back(pending_key("acme", "default", ids.next(at(ms / 3))));
  EXPECT_TRUE(std::ranges::is_sorted(keys));
}

TEST(LayoutTest, ExpiryKeysSortByTimeBeforeTenant) {
  EXPECT_LT(expiry_key(at(255), "z", id_of(9)), expiry_key(at(256), "a", id_of(1)));
  EXPECT_LT(expiry_key(at(0xffffffff), "z", id_of(9)), expiry_key(at(0x100000000), "a", id_of(1)));
}

TEST(LayoutTest, ExpiryKeyComesBack) {
  for (const auto& tenant : tenants) {
    const auto key = expiry_key(at(1'700'000'000'123), tenant, id_of(7));
    const auto entry = parse_expiry_key(key);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->freed_at, at(1'700'000'000'123));
    EXPECT_EQ(entry->tenant, tenant);
    EXPECT_EQ(entry->id, id_of(7));
  }
}

TEST(LayoutTest, InboxMetaKeyComesBack) {
  for (const auto& tenant : tenants) {
    const auto key = inbox_meta_key(tenant, "default");
    const auto name = parse_inbox_key(inbox_meta_prefix, key);
    ASSERT_TRUE(name);
    EXPECT_EQ(name->tenant, tenant);
    EXPECT_EQ(name->inbox, "default");
    EXPECT_TRUE(key.starts_with(inbox_meta_prefix));
    EXPECT_LT(key, prefix_end(inbox_meta_prefix));
  }
}

TEST(LayoutTest, SettingsAndLeavingKeysComeBackAndBelongToOneTenant) {
  for (const auto& tenant : tenants) {
    const std::string settings_of_crm = settings_key(tenant, "crm"), leaving_crm = leaving_key(tenant, inbox_place(7));
    const auto settings = parse_inbox_key(settings_prefix, settings_of_crm);
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->tenant, tenant);
    EXPECT_EQ(settings->inbox, "crm");
    const auto leaving = parse_inbox_key(leaving_prefix, leaving_crm);
    ASSERT_TRUE(leaving);
    EXPECT_EQ(leaving->inbox, inbox_place(7));
    for (const auto& other : tenants) {
      EXPECT_EQ(settings_key(other, "crm").starts_with(settings_prefix_of(tenant)), other == tenant);
    }
  }
}

TEST(LayoutTest, PlaceIsTheNameOfDefaultOrANumber) {
  EXPECT_EQ(inbox_place(0), "default");
  EXPECT_EQ(number_of_place("default"), 0U);
  for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{0x2323232323232323}, ~std::uint64_t{}}) {
    EXPECT_EQ(number_of_place(inbox_place(number)), number);
  }
  // No name of an inbox begins so.
  EXPECT_EQ(inbox_place(1).front(), '#');
  for (const char* other : {"", "#", "#1234567", "#123456789", "crm", "12345678"}) EXPECT_FALSE(number_of_place(other));
}

TEST(LayoutTest, EveryCutOfAKeyIsRefused) {
  const auto expiry = expiry_key(at(5), "acme", id_of(7));
  for (std::size_t size = 0; size < expiry.size(); ++size) EXPECT_FALSE(parse_expiry_key(expiry.substr(0, size)));
  EXPECT_FALSE(parse_expiry_key(expiry + "x"));
  const auto meta = inbox_meta_key("acme", "default");
  for (std::size_t size = 0; size < meta.size(); ++size)
    EXPECT_FALSE(parse_inbox_key(inbox_meta_prefix, meta.substr(0, size)));
  EXPECT_FALSE(parse_inbox_key(inbox_meta_prefix, meta + "x"));
}

TEST(LayoutTest, ANameOfNoBytesIsRefused) {
  EXPECT_FALSE(parse_inbox_key(inbox_meta_prefix, std::string(inbox_meta_prefix) + std::string(2, '\0')));
  EXPECT_FALSE(parse_expiry_key(std::string(8, '\0') + '\0' + std::string(16, 'x')));
}

TEST(LayoutTest, RandomBytesNeverCrashAParser) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 64, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    (void)parse_expiry_key(bytes);
    (void)parse_inbox_key(inbox_meta_prefix, std::string(inbox_meta_prefix) + bytes);
  }
}

TEST(LayoutTest, PrefixEndIsBehindAllThatStartsWithThePrefix) {
  for (const auto& tenant : tenants) {
    const auto prefix = pending_prefix(tenant, "default");
    const auto end = prefix_end(prefix);
    EXPECT_LT(prefix + std::string(40, '\xff'), end);
    EXPECT_FALSE(end.starts_with(prefix));
  }
  EXPECT_EQ(prefix_end("a\xff\xff"), "b");
}

TEST(LayoutTest, NumbersAreBigEndianAndComeBack) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x0102030405060708}, ~std::uint64_t{0}}) {
    std::string bytes;
    append_u64(bytes, value);
    ASSERT_EQ(bytes.size(), 8U);
    EXPECT_EQ(read_u64(bytes), value);
  }
  std::string bytes;
  append_u64(bytes, 0x0102030405060708);
  EXPECT_EQ(bytes, "\x01\x02\x03\x04\x05\x06\x07\x08");
}

}  // namespace
}  // namespace triggers::store::layout
