#include "base/text_arena.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace triggers {
namespace {

TEST(TextArena, TextsStayWhereTheyAre) {
  TextArena arena;
  std::vector<std::string_view> kept;
  kept.reserve(10'000);
  for (std::size_t i = 0; i < 10'000; ++i) kept.push_back(arena.keep("text " + std::to_string(i)));
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i], "text " + std::to_string(i));
}

TEST(TextArena, KeepsATextThatIsLargerThanABlock) {
  TextArena arena;
  const std::string large(1'000'000, 'x');
  const auto first = arena.keep("first");
  EXPECT_EQ(arena.keep(large), large);
  EXPECT_EQ(first, "first");
  EXPECT_EQ(arena.keep(""), "");
}

TEST(TextArena, UsesItsMemoryAgain) {
  TextArena arena;
  const char* const before = arena.keep("one").data();
  for (int i = 0; i < 100; ++i) (void)arena.keep(std::string(10'000, 'x'));
  arena.clear();
  EXPECT_EQ(arena.keep("two").data(), before);
}

}  // namespace
}  // namespace triggers
