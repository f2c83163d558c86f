#include "base/clock.h"

#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime is POSIX

namespace triggers {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] UnixMillis now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
    // steady_clock is CLOCK_MONOTONIC, which stops while the machine sleeps.
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    const auto since_boot = std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
    return std::chrono::steady_clock::time_point{since_boot};
  }
};

}  // namespace

const Clock& Clock::system() noexcept {
  static const SystemClock clock;
  return clock;
}

}  // namespace triggers
