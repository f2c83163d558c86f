#include "base/invariant.h"

#include <gtest/gtest.h>

#include <string>

namespace triggers {
namespace {

TEST(InvariantDeathTest, SaysWhatIsBrokenAndWhere) {
  EXPECT_DEATH(INVARIANT(1 + 1 == 3), "^invariant failed: 1 \\+ 1 == 3 \\([^ ]*invariant_test\\.cc:[0-9]+\\)");
}

TEST(InvariantDeathTest, SaysTheMessageWithItsValues) {
  const int begin = 5, end = 2;
  EXPECT_DEATH(INVARIANT(begin <= end, "part %d ends at %d, %s its begin", 7, end, "before"),
               "^invariant failed: begin <= end: part 7 ends at 2, before its begin \\([^ ]*invariant_test\\.cc:");
}

TEST(InvariantDeathTest, CutsALongMessageAndStillAborts) {
  const std::string longer(10'000, 'x');
  EXPECT_DEATH(INVARIANT(longer.empty(), "%s", longer.c_str()),
               "^invariant failed: longer\\.empty\\(\\): x{400,600} \\(");
}

TEST(Invariant, EvaluatesNoValueOfItsMessageWhileItHolds) {
  int evaluated = 0;
  INVARIANT(evaluated == 0, "%d", ++evaluated);
  EXPECT_EQ(evaluated, 0);
}

}  // namespace
}  // namespace triggers
