#include "auth/key.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <thread>

#include "base/encoding.h"

namespace triggers::auth {
namespace {

TEST(HashKey, IsSha256) {
  EXPECT_EQ(to_hex(hash_key("abc").view()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(hash_key("").view()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(HashKey, ThreadsDoNotDisturbEachOther) {
  const auto expected_a = hash_key("a"), expected_b = hash_key("b");
  const auto hash_often = [](std::string_view key, KeyHash expected) {
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(hash_key(key), expected);
  };
  std::thread a(hash_often, "a", expected_a), b(hash_often, "b", expected_b);
  a.join();
  b.join();
}

TEST(GenerateKey, Is64LettersAndDigitsAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto key = generate_key();
    ASSERT_EQ(key.size(), 64U);
    ASSERT_EQ(key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
              std::string::npos);
    ASSERT_TRUE(seen.insert(key).second);
  }
}

TEST(GenerateKey, FavoursNoCharacter) {
  // With `byte % 62` the first eight characters would come a quarter more often than the others.
  std::array<int, 256> count{};
  constexpr int keys = 4000;
  for (int i = 0; i < keys; ++i) {
    for (const char c : generate_key()) ++count[static_cast<unsigned char>(c)];
  }
  const double expected = keys * 64.0 / 62;
  for (int c = 0; c < 256; ++c) {
    if (count[static_cast<std::size_t>(c)] == 0) continue;
    EXPECT_NEAR(count[static_cast<std::size_t>(c)], expected, expected * 0.12) << static_cast<char>(c);
  }
}

TEST(Names, RoundTripAndUnknownNamesAreRefused) {
  for (const auto role : {Role::viewer, Role::creator, Role::admin}) EXPECT_EQ(parse_role(role_name(role)), role);
  for (const auto status : {KeyStatus::active, KeyStatus::inactive, KeyStatus::revoked}) {
    EXPECT_EQ(parse_status(status_name(status)), status);
  }
  for (const auto* text : {"", "Admin", "admin ", "root"}) EXPECT_FALSE(parse_role(text)) << text;
  EXPECT_FALSE(parse_status("deleted"));
}

}  // namespace
}  // namespace triggers::auth
