#include "store/rocks/format/holding.h"

#include <gtest/gtest.h>

namespace triggers::store {
namespace {

TEST(HoldingTest, EncodedHoldingIsDecoded) {
  for (const Holding& holding : {Holding{.count = 1}, Holding{.count = 100}, Holding{.count = 200},
                                 Holding{.freed_at = UnixMillis{std::chrono::milliseconds{1'700'000'000'000}}}}) {
    EXPECT_EQ(decode_holding(encode_holding(holding)), holding);
  }
}

TEST(HoldingTest, OtherBytesAreNoHolding) {
  const std::string whole = encode_holding({.count = 300});
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode_holding(whole.substr(0, size)));
  EXPECT_FALSE(decode_holding(whole + '\0'));
}

}  // namespace
}  // namespace triggers::store
