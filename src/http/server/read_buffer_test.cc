#include "http/server/read_buffer.h"

#include <gtest/gtest.h>

#include <string>

namespace triggers::http {
namespace {

void write(ReadBuffer& buffer, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto space = buffer.space(0, 1024 * 1024);
    ASSERT_FALSE(space.empty());
    const auto copied = bytes.copy(space.data(), space.size());
    buffer.written(copied);
    bytes.remove_prefix(copied);
  }
}

TEST(ReadBuffer, KeepsWhatIsUnreadInOnePieceWhileItGrows) {
  ReadBuffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string bytes = std::to_string(i) + ",";
    write(buffer, bytes);
    expected += bytes;
    if (i % 3 == 0) buffer.consume(2), expected.erase(0, 2);
  }
  EXPECT_TRUE(buffer.unread() == expected);
}

TEST(ReadBuffer, StopsGrowingAtItsLimit) {
  ReadBuffer buffer;
  buffer.written(buffer.space(0, 3000).size());
  buffer.written(buffer.space(0, 3000).size());
  EXPECT_EQ(buffer.unread().size(), 3000U);
  EXPECT_TRUE(buffer.space(0, 3000).empty());
}

TEST(ReadBuffer, GivesMemoryBackOnceItIsEmpty) {
  ReadBuffer buffer;
  buffer.written(buffer.space(100'000, 100'000).size());
  buffer.release();
  EXPECT_EQ(buffer.unread().size(), 100'000U);
  buffer.consume(100'000);
  buffer.release();
  EXPECT_EQ(buffer.space(0, 100'000).size(), ReadBuffer::initial_bytes);
}

}  // namespace
}  // namespace triggers::http
