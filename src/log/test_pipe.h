#pragma once

// For tests: a pipe in place of standard output or error.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace triggers::log {

/// A pipe that the test reads.
class TestPipe {
 public:
  TestPipe() { EXPECT_EQ(pipe(ends_.data()), 0); }
  TestPipe(const TestPipe&) = delete;
  TestPipe& operator=(const TestPipe&) = delete;
  ~TestPipe() {
    close_reader();
    close(ends_[1]);
  }

  [[nodiscard]] int writer() const { return ends_[1]; }

  void close_reader() {
    if (ends_[0] >= 0) close(std::exchange(ends_[0], -1));
  }

  /// Fills the pipe with zero bytes, so that the next writer finds no room. How many bytes.
  std::size_t fill() const {
    const auto flags = fcntl(ends_[1], F_GETFL);
    EXPECT_EQ(fcntl(ends_[1], F_SETFL, flags | O_NONBLOCK), 0);
    std::size_t bytes = 0;
    while (::write(ends_[1], "", 1) == 1) ++bytes;
    EXPECT_EQ(fcntl(ends_[1], F_SETFL, flags), 0);
    return bytes;
  }

  /// Reads until what was read ends with `end`.
  std::string read_until(std::string_view end) {
    std::string seen;
    std::array<char, 65'536> part{};
    while (!seen.ends_with(end)) {
      const auto got = read(ends_[0], part.data(), part.size());
      if (got <= 0) break;
      seen.append(part.data(), static_cast<std::size_t>(got));
    }
    return seen;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

}  // namespace triggers::log
