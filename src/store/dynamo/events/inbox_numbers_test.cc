#include "store/dynamo/events/inbox_numbers.h"

#include <gtest/gtest.h>

namespace triggers::store::dynamo {
namespace {

TEST(InboxNumbers, ComeBackAsTheyWere) {
  for (const InboxNumbers& numbers :
       {InboxNumbers{}, InboxNumbers{0}, InboxNumbers{0, 1, 2, 127, 128, 300}, InboxNumbers{(1ULL << 63) - 1}}) {
    EXPECT_EQ(decode_numbers(encode_numbers(numbers)), numbers);
  }
}

TEST(InboxNumbers, HundredOfATenantTakeAByteEach) {
  InboxNumbers numbers;
  for (std::uint64_t i = 0; i < 100; ++i) numbers.push_back(i);
  EXPECT_EQ(encode_numbers(numbers).size(), 100U);
}

TEST(InboxNumbers, OtherBytesAreRefused) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(decode_numbers("\x80"sv));
  EXPECT_FALSE(decode_numbers("\x01\x00"sv));
  EXPECT_FALSE(decode_numbers("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv));
}

}  // namespace
}  // namespace triggers::store::dynamo
