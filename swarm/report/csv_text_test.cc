#include "swarm/report/csv_text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace triggers::swarm {
namespace {

TEST(CsvText, OnlyAFieldThatNeedsQuotesHasThem) {
  const std::array<std::string, 7> fields{"plain", "", "a b", "a,b", "say \"hello\"", "two\nlines", "' ; \t"};
  std::string line;
  append_csv_line(line, fields);
  EXPECT_EQ(line, "plain,,a b,\"a,b\",\"say \"\"hello\"\"\",\"two\nlines\",' ; \t\r\n");
}

}  // namespace
}  // namespace triggers::swarm
