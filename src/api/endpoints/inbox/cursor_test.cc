#include "api/endpoints/inbox/cursor.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/encoding.h"

namespace triggers::api {
namespace {

const std::string secret(32, 'k');

store::Continuation some_place() {
  return store::continue_after(*event::EventId::parse("0190a5c0-1234-7abc-8def-0123456789ab"));
}
CursorScope scope(std::string_view tenant, std::optional<std::string_view> type = {}) {
  return {tenant, "default", type, store::PageOrder::oldest_first};
}

TEST(CursorTest, DecodesTheContinuationThatWasEncoded) {
  for (const auto& where : {scope("acme"), scope("acme", "order.paid"), scope(std::string_view("\0\xff", 2), "")}) {
    EXPECT_EQ(decode_cursor(secret, where, encode_cursor(secret, where, some_place())), some_place());
  }
}

TEST(CursorTest, CursorOfRelease010IsStillValid) {
  // Clients hold these: an id alone, one of the other order with a filter, and one of DynamoDB with ids that were
  // returned.
  EXPECT_EQ(decode_cursor(secret, scope("acme"), "AQGQpcASNHq8je8BI0Vniavu2y5zJoNZkvF2MGSDpVJy"), some_place());
  const CursorScope typed{"acme", "default", "order.paid", store::PageOrder::newest_first};
  EXPECT_EQ(decode_cursor(secret, typed, "AQGQpcASNHq8je8BI0Vniau-7YqAiborPygiprj4jhwq"), some_place());
  const std::string_view of_dynamo =
      "AQGQpcASNHq8je8BI0VniasBkKXAHwB6vI3vASNFZ4mrAXAAgAAAAAAAAAGLGHAAgAAAAAAAAP6H17Qm7ytqL-cRAnuVQw0c";
  const auto place = decode_cursor(secret, scope("acme"), of_dynamo);
  ASSERT_TRUE(place);
  EXPECT_EQ(to_base64url(place->bytes), "AZClwBI0eryN7wEjRWeJqwGQpcAfAHq8je8BI0VniasBcACAAAAAAAAAAYsYcACAAAAAAAAA_g");
  EXPECT_EQ(encode_cursor(secret, scope("acme"), *place), of_dynamo);
}

TEST(CursorTest, EveryChangedBitIsRefused) {
  const std::string good = *from_base64url(encode_cursor(secret, scope("acme"), some_place()));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      EXPECT_FALSE(decode_cursor(secret, scope("acme"), to_base64url(bad))) << i << '.' << bit;
    }
  }
}

TEST(CursorTest, EveryOtherCharacterIsRefused) {
  const std::string good = encode_cursor(secret, scope("acme"), some_place());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : std::string{"Az09-_ +/=%"} + '\0') {
      if (good[i] == c) continue;
      std::string bad = good;
      bad[i] = c;
      EXPECT_FALSE(decode_cursor(secret, scope("acme"), bad)) << i << c;
    }
  }
}

TEST(CursorTest, EveryOtherLengthIsRefused) {
  const std::string good = encode_cursor(secret, scope("acme"), some_place());
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_FALSE(decode_cursor(secret, scope("acme"), good.substr(0, bytes))) << bytes;
  }
  EXPECT_FALSE(decode_cursor(secret, scope("acme"), good + "A"));
  EXPECT_FALSE(decode_cursor(secret, scope("acme"), good + "="));
  EXPECT_FALSE(decode_cursor(secret, scope("acme"), good + good));
  EXPECT_FALSE(decode_cursor(secret, scope("acme"), std::string(1'000'000, 'A')));
}

TEST(CursorTest, IsValidInItsOwnScopeOnly) {
  // Neighbours that a careless joining of the parts would take for each other.
  const std::vector<CursorScope> scopes = {{"acme", "default", {}, store::PageOrder::newest_first},
                                           {"acme", "default", "a", store::PageOrder::newest_first},
                                           {"acme", "default", {}},
                                           {"acme2", "default", {}},
                                           {"acm", "edefault", {}},
                                           {"acme", "other", {}},
                                           {"acme", "default", ""},
                                           {"acme", "default", "a"},
                                           {"acme", "default", "a1:"},
                                           {"acme", "defaultf1:a", {}},
                                           {"acme7:default", "", {}},
                                           {"", "acme", "default"},
                                           {"acme", "default", "default"}};
  for (const auto& mine : scopes) {
    const auto cursor = encode_cursor(secret, mine, some_place());
    for (const auto& other : scopes) {
      EXPECT_EQ(decode_cursor(secret, other, cursor).has_value(), &mine == &other)
          << mine.tenant << ' ' << mine.inbox << " as " << other.tenant << ' ' << other.inbox;
    }
  }
}

TEST(CursorTest, AnotherSecretMakesAnotherCursor) {
  const auto cursor = encode_cursor(secret, scope("acme"), some_place());
  EXPECT_FALSE(decode_cursor(std::string(32, 'l'), scope("acme"), cursor));
  EXPECT_FALSE(decode_cursor("", scope("acme"), cursor));
}

TEST(CursorTest, NeedsNoEscapingInAQuery) {
  const auto cursor = encode_cursor(secret, scope("acme"), some_place());
  EXPECT_EQ(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}

}  // namespace
}  // namespace triggers::api
