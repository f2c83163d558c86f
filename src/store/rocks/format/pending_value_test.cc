#include "store/rocks/format/pending_value.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace triggers::store {
namespace {

std::string encode(const PendingValue& value) {
  std::string bytes;
  append_pending_value(bytes, value);
  return bytes;
}

TEST(PendingValueTest, ComesBack) {
  for (const bool again : {false, true}) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{127}, std::size_t{128}, std::size_t{1} << 30}) {
      for (const std::string_view type : {"", "order.created", "\x01\n", "\xc3\xbf"}) {
        const auto encoded = encode({.again = again, .record_bytes = bytes, .event_type = type});
        const auto value = decode_pending_value(encoded);
        ASSERT_TRUE(value);
        EXPECT_EQ(value->again, again);
        EXPECT_EQ(value->record_bytes, bytes);
        EXPECT_EQ(value->event_type, type);
      }
    }
  }
}

/// A change of these bytes is a change of the storage format.
TEST(PendingValueTest, HasTheBytesOfTheFormat) {
  EXPECT_EQ(encode({.record_bytes = 300, .event_type = "a.b"}), std::string("\xff\0\xac\x02"
                                                                            "a.b",
                                                                            7));
  EXPECT_EQ(encode({.again = true, .record_bytes = 1, .event_type = "a.b"}),
            "\xff\x01\x01"
            "a.b");
}

TEST(PendingValueTest, OfAnEarlierVersionIsTheTypeAlone) {
  for (const std::string_view type : {"", "order.created", "\x01", "\xc3\xbf"}) {
    const auto value = decode_pending_value(type);
    ASSERT_TRUE(value);
    EXPECT_FALSE(value->again);
    EXPECT_FALSE(value->record_bytes);
    EXPECT_EQ(value->event_type, type);
  }
}

TEST(PendingValueTest, CutHeadsAndUnknownFlagsAreRefused) {
  const auto whole = encode({.record_bytes = 300, .event_type = ""});
  for (std::size_t size = 1; size < whole.size(); ++size) EXPECT_FALSE(decode_pending_value(whole.substr(0, size)));
  for (int flags = 2; flags < 256; ++flags) {
    EXPECT_FALSE(decode_pending_value(std::string("\xff") + static_cast<char>(flags) + "\x01type")) << flags;
  }
}

TEST(PendingValueTest, RandomBytesNeverCrashTheParser) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 12, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    (void)decode_pending_value("\xff" + bytes);
  }
}

}  // namespace
}  // namespace triggers::store
