// A writer whose file is a pipe: a reader that does not read is a disk that hangs.

#include "swarm/verify/ordered_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace triggers::swarm {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    reads = UniqueFd{ends[0]};
    writes = UniqueFd{ends[1]};
  }
  /// What is written until the other end is closed.
  std::string read_all() const {
    std::string all;
    std::array<char, 65536> piece{};
    for (ssize_t got = 0; (got = ::read(reads.get(), piece.data(), piece.size())) > 0;) {
      all.append(piece.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  UniqueFd reads, writes;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0, to = 0; (to = text.find('\n', from)) != std::string::npos; from = to + 1) {
    lines.push_back(text.substr(from, to - from));
  }
  return lines;
}

TEST(OrderedWriter, WritesEveryLineOfAllThreadsAndTheLastLineLast) {
  Pipe pipe;
  std::string read;
  std::thread reader([&] { read = pipe.read_all(); });
  {
    OrderedWriter writer(std::move(pipe.writes));
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&writer, thread] {
        for (int i = 0; i < 5000; ++i) writer.add(std::to_string(thread) + " " + std::to_string(i) + "\n");
      });
    }
    for (auto& thread : threads) thread.join();
    writer.finish("end\n");
    EXPECT_EQ(writer.health().lost_lines, 0U);
  }
  reader.join();
  const auto lines = lines_of(read);
  ASSERT_EQ(lines.size(), 20'001U);
  EXPECT_EQ(lines.back(), "end");
  std::array<int, 4> next{};
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    const auto thread = static_cast<std::size_t>(lines[i][0] - '0');
    EXPECT_EQ(lines[i].substr(2), std::to_string(next.at(thread)++)) << "a thread's lines keep their order";
  }
}

TEST(OrderedWriter, TwoWritersOfOneThreadDoNotMix) {
  Pipe one, other;
  {
    OrderedWriter first(std::move(one.writes)), second(std::move(other.writes));
    for (const char* const line : {"a\n", "b\n", "c\n"}) {
      first.add(line);
      second.add(line);
    }
  }
  EXPECT_EQ(one.read_all(), "a\nb\nc\n");
  EXPECT_EQ(other.read_all(), "a\nb\nc\n");
}

TEST(OrderedWriter, ADiskThatHangsDelaysNoThreadAndTheFileEndsAtTheFirstLostLine) {
  Pipe pipe;
  ASSERT_GT(::fcntl(pipe.writes.get(), F_SETPIPE_SZ, 4096), 0);
  auto writer = std::make_unique<OrderedWriter>(std::move(pipe.writes), 100'000);
  std::uint64_t added = 0;
  // Nobody reads, so a write hangs, and yet this ends.
  while (writer->health().lost_lines < 1000) writer->add(std::to_string(added++) + "\n");
  std::thread another([&] { writer->add("of a thread with enough room\n"); });
  another.join();
  ++added;
  std::string read;
  std::thread reader([&] { read = pipe.read_all(); });
  writer->finish("end\n");
  const std::uint64_t lost = writer->health().lost_lines;
  EXPECT_GT(writer->health().longest_wait, std::chrono::nanoseconds{0});
  writer.reset();
  reader.join();
  const auto lines = lines_of(read);
  EXPECT_EQ(lines.size() + lost, added);
  for (std::size_t i = 0; i < lines.size(); ++i) ASSERT_EQ(lines[i], std::to_string(i));
}

TEST(OrderedWriter, AFailedWriteIsKeptAndNothingFollowsIt) {
  OrderedWriter writer(UniqueFd{::open("/dev/full", O_WRONLY | O_CLOEXEC)});
  writer.add("a\n");
  writer.finish("end\n");
  EXPECT_EQ(writer.health().error, ENOSPC);
}

}  // namespace
}  // namespace triggers::swarm
