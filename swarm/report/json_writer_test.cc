#include "swarm/report/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace triggers::swarm {
namespace {

TEST(JsonWriter, WritesForPeopleToo) {
  JsonWriter json;
  json.begin_object();
  json.member("text", std::string_view("a"));
  json.key("list");
  json.begin_array();
  json.value(0.5);
  json.value(std::uint64_t{18'446'744'073'709'551'615U});
  json.null();
  json.end_array();
  json.key("none");
  json.begin_object();
  json.end_object();
  json.end_object();
  EXPECT_EQ(json.take(), R"({
  "text": "a",
  "list": [
    0.5,
    18446744073709551615,
    null
  ],
  "none": {}
}
)");
}

TEST(JsonWriter, NumbersArePlainDecimals) {
  const std::vector<std::pair<double, std::string>> known{{0, "0"},
                                                          {-0.0, "0"},
                                                          {60, "60"},
                                                          {1.5, "1.5"},
                                                          {1e15, "1000000000000000"},
                                                          {0.000001, "0.000001"},
                                                          {1e-9, "0"},
                                                          {-1e-9, "0"},
                                                          {100, "100"},
                                                          {std::numeric_limits<double>::infinity(), "null"},
                                                          {std::numeric_limits<double>::quiet_NaN(), "null"}};
  for (const auto& [number, text] : known) {
    JsonWriter json;
    json.value(number);
    EXPECT_EQ(json.take(), text + "\n");
  }
}

}  // namespace
}  // namespace triggers::swarm
