#include "swarm/report/python_repr.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace triggers::swarm {
namespace {

TEST(PythonRepr, IsWhatPythonPrints) {
  const std::vector<std::pair<double, std::string>> known{{0.0, "0.0"},
                                                          {-0.0, "-0.0"},
                                                          {1, "1.0"},
                                                          {-2.5, "-2.5"},
                                                          {0.1, "0.1"},
                                                          {0.1 + 0.2, "0.30000000000000004"},
                                                          {151.51369800003067, "151.51369800003067"},
                                                          {100.0 / 3, "33.333333333333336"},
                                                          {1e15, "1000000000000000.0"},
                                                          {9999999999999998.0, "9999999999999998.0"},
                                                          {1e16, "1e+16"},
                                                          {1.5e16, "1.5e+16"},
                                                          {1e22, "1e+22"},
                                                          {1e100, "1e+100"},
                                                          {0.0001, "0.0001"},
                                                          {0.00012345, "0.00012345"},
                                                          {0.00001, "1e-05"},
                                                          {1.25e-7, "1.25e-07"},
                                                          {5e-324, "5e-324"},
                                                          {std::numeric_limits<double>::infinity(), "inf"},
                                                          {-std::numeric_limits<double>::infinity(), "-inf"},
                                                          {std::numeric_limits<double>::quiet_NaN(), "nan"}};
  for (const auto& [value, text] : known) EXPECT_EQ(python_repr(value), text);
}

}  // namespace
}  // namespace triggers::swarm
