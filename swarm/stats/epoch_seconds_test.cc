#include "swarm/stats/epoch_seconds.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

EpochSeconds wall_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEST(Epoch, IsWhatTheWallClockSaidAtTheAnchor) {
  anchor_epoch();
  EXPECT_NEAR(epoch_now(), wall_now(), 1);
}

TEST(Epoch, MovesAsTheMonotonicClockDoes) {
  const auto now = std::chrono::steady_clock::now();
  EXPECT_NEAR(epoch_at(now + 90s) - epoch_at(now), 90, 1e-5);
  EXPECT_NEAR(epoch_at(now - 90s) - epoch_at(now), -90, 1e-5);
}

}  // namespace
}  // namespace triggers::swarm
