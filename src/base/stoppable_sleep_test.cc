#include "base/stoppable_sleep.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace triggers {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(StoppableSleep, LastsItsTimeWithoutAStop) {
  const auto begun = steady_clock::now();
  stoppable_sleep({}, milliseconds{20});
  EXPECT_GE(steady_clock::now() - begun, milliseconds{20});
}

TEST(StoppableSleep, EndsWithAStopBeforeItOrDuringIt) {
  for (int i = 0; i < 200; ++i) {
    std::stop_source stop;
    std::jthread sleeping([&] { stoppable_sleep(stop.get_token(), hours{1}); });
    stop.request_stop();
  }
}

}  // namespace
}  // namespace triggers
