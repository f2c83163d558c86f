#include "lambda/thaw_clock.h"

namespace triggers::lambda {

ThawClock::ThawClock(const Clock& machine) : machine_(machine), wall_(machine.now()), steady_(machine.steady()) {}

std::chrono::steady_clock::time_point ThawClock::steady() const {
  return machine_.steady() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(frozen_.load());
}

void ThawClock::look() {
  const auto wall = machine_.now();
  const auto steady_now = machine_.steady();
  const std::chrono::nanoseconds missed = (wall - wall_) - (steady_now - steady_);
  if (missed > noticed_from) frozen_ = frozen_.load() + missed;
  wall_ = wall;
  steady_ = steady_now;
}

}  // namespace triggers::lambda
