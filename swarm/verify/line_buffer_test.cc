#include "swarm/verify/line_buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

TEST(LineBuffer, HandsOverEachLineOnce) {
  LineBuffer buffer(1000);
  EXPECT_TRUE(buffer.add("a\n"));
  EXPECT_TRUE(buffer.add("b\n"));
  EXPECT_EQ(buffer.take().text, "a\nb\n");
  EXPECT_EQ(buffer.take().text, "");
}

TEST(LineBuffer, WithoutRoomItCountsAndHasNoGap) {
  LineBuffer buffer(3 * sizeof(TimedLines::Line) + 6);
  for (const char* const line : {"a\n", "b\n", "c\n"}) EXPECT_TRUE(buffer.add(line));
  EXPECT_FALSE(buffer.add("d\n")) << "the first one is told";
  EXPECT_TRUE(buffer.add("e\n"));
  EXPECT_EQ(buffer.lost(), 2U);
  const TimedLines taken = buffer.take();
  EXPECT_EQ(taken.text, "a\nb\nc\n");
  EXPECT_GE(taken.whole_until, taken.lines.back().added);
  EXPECT_NE(taken.whole_until, LineTime::max());
  EXPECT_TRUE(buffer.add("f\n"));
  EXPECT_EQ(buffer.take().text, "") << "there is room again, but a line is missing before it";
  EXPECT_EQ(buffer.lost(), 3U);
}

TEST(MergeLines, PutsTheLinesOfAllThreadsInTheOrderOfTheirTimesUpToOneMoment) {
  std::array<TimedLines, 3> threads;
  const LineTime start{1h};
  threads[0].add("a1\n", start + 1s);
  threads[0].add("a4\n", start + 4s);
  threads[0].add("a7\n", start + 7s);
  threads[1].add("b2\n", start + 2s);
  threads[1].add("b3\n", start + 3s);
  threads[1].add("b6\n", start + 6s);
  std::string out;
  merge_lines(threads, start + 6s, out);
  EXPECT_EQ(out, "a1\nb2\nb3\na4\n");
  threads[2].add("c8\n", start + 8s);
  merge_lines(threads, LineTime::max(), out);
  EXPECT_EQ(out, "a1\nb2\nb3\na4\nb6\na7\nc8\n");
  merge_lines(threads, LineTime::max(), out);
  EXPECT_EQ(out, "a1\nb2\nb3\na4\nb6\na7\nc8\n");
}

}  // namespace
}  // namespace triggers::swarm
