#include "swarm/run/terminal_text.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

TEST(Printable, ControlCharactersAreEscaped) {
  EXPECT_EQ(terminal_safe("a\x1b[2Jb\r\tc\x7f"), "a\\x1b[2Jb\\x0d\\x09c\\x7f");
  EXPECT_EQ(terminal_safe("\xc2\x9b"
                          "2J"),
            "\\x9b2J");
  EXPECT_EQ(terminal_safe(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, OtherTextStaysAsItIs) {
  for (const char* text : {"", "plain\nin two lines\n", "größe/名前 …", "\xc2\xa0", "\xc2"})
    EXPECT_EQ(terminal_safe(text), text);
}

}  // namespace
}  // namespace triggers::swarm
