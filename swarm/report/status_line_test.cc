#include "swarm/report/status_line.h"

#include <gtest/gtest.h>

#include <cctype>
#include <vector>

namespace triggers::swarm {
namespace {

/// A terminal that knows what StatusLine uses, and wraps.
class Screen {
 public:
  explicit Screen(std::size_t columns) : columns_(columns) {}

  void write(const std::string& bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] == '\x1b') {
        i = escape(bytes, i + 2);
      } else if (bytes[i] == '\r') {
        column_ = 0;
      } else if (bytes[i] == '\n') {
        down();
      } else {
        put(bytes[i]);
      }
    }
  }
  /// As a terminal does that wraps again what it shows.
  void narrow_to(std::size_t columns) {
    const std::string last = rows_.back();
    rows_.pop_back();
    columns_ = columns;
    rows_.emplace_back();
    row_ = rows_.size() - 1;
    column_ = 0;
    write(last);
  }
  [[nodiscard]] const std::vector<std::string>& rows() const { return rows_; }

 private:
  void down() {
    ++row_;
    column_ = 0;
    if (row_ == rows_.size()) rows_.emplace_back();
  }
  void put(char c) {
    if (column_ == columns_) down();
    std::string& row = rows_[row_];
    row.resize(std::max(row.size(), column_ + 1), ' ');
    row[column_++] = c;
  }
  std::size_t escape(const std::string& bytes, std::size_t i) {
    std::size_t number = 0;
    for (; std::isdigit(static_cast<unsigned char>(bytes[i])) != 0; ++i)
      number = number * 10 + static_cast<std::size_t>(bytes[i] - '0');
    if (bytes[i] == 'A') row_ -= number;
    if (bytes[i] == 'J') {
      rows_.resize(row_ + 1);
      rows_[row_].resize(std::min(rows_[row_].size(), column_));
    }
    return i;
  }

  std::size_t columns_, row_ = 0, column_ = 0;
  std::vector<std::string> rows_{1};
};

using Rows = std::vector<std::string>;

TEST(StatusLine, TakesThePlaceOfTheLastOne) {
  Screen screen(40);
  StatusLine status;
  screen.write(status.draw("ten left, 20 users", 40));
  screen.write(status.draw("nine left", 40));
  EXPECT_EQ(screen.rows(), (Rows{"nine left"}));
}

TEST(StatusLine, StaysBelowWhatIsPrinted) {
  Screen screen(40);
  StatusLine status;
  screen.write(status.draw("ten left", 40));
  screen.write(status.above("a log line\nand another\n", 40));
  EXPECT_EQ(screen.rows(), (Rows{"a log line", "and another", "ten left"}));
  screen.write(status.draw("nine left", 40));
  EXPECT_EQ(screen.rows(), (Rows{"a log line", "and another", "nine left"}));
}

TEST(StatusLine, LeavesNothingWhenItIsTakenAway) {
  Screen screen(40);
  StatusLine status;
  screen.write(status.draw("ten left", 40));
  screen.write(status.draw("", 40));
  screen.write(status.above("the end\n", 40));
  EXPECT_EQ(screen.rows(), (Rows{"the end", ""}));
}

TEST(StatusLine, LeavesNothingBehindWhenTheTerminalBecomesNarrow) {
  Screen screen(40);
  StatusLine status;
  screen.write(status.above("a log line\n", 40));
  screen.write(status.draw("ten left, twenty users, no failures", 40));
  screen.narrow_to(15);
  EXPECT_EQ(screen.rows(), (Rows{"a log line", "ten left, twent", "y users, no fai", "lures"}));
  screen.write(status.draw("nine left", 15));
  EXPECT_EQ(screen.rows(), (Rows{"a log line", "nine left"}));
}

TEST(StatusLine, WithoutALineTextPassesAsItIs) {
  StatusLine status;
  EXPECT_EQ(status.above("a table\n", 80), "a table\n");
  EXPECT_EQ(status.draw("", 80), "");
}

}  // namespace
}  // namespace triggers::swarm
