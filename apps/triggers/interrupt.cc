#include "interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

namespace triggers {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<int, 2> signals{SIGINT, SIGTERM};
std::atomic<int> signalled_fd{-1};  // For the handler. A handler may use a lock-free atomic.

void on_signal(int /*number*/) {
  const int before = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(signalled_fd.load(), &one, sizeof one);
  errno = before;
}

int milliseconds_until(Clock::time_point deadline) {
  if (deadline == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

}  // namespace

Interrupt::Interrupt() : signalled_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  signalled_fd = signalled_.get();
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND;
  for (const int number : signals) ::sigaction(number, &action, nullptr);
}

Interrupt::~Interrupt() {
  for (const int number : signals) ::signal(number, SIG_DFL);
  signalled_fd = -1;
}

bool Interrupt::requested() const noexcept {
  pollfd look{signalled_.get(), POLLIN, 0};
  return ::poll(&look, 1, 0) > 0;
}

bool Interrupt::wait(std::chrono::milliseconds time) const {
  return wait_readable(-1, Clock::now() + time) == Ready::timed_out;  // poll() ignores a negative descriptor.
}

Interrupt::Ready Interrupt::wait_readable(int fd, Clock::time_point deadline) const {
  for (;;) {
    std::array<pollfd, 2> looks{{{signalled_.get(), POLLIN, 0}, {fd, POLLIN, 0}}};
    const int ready = ::poll(looks.data(), looks.size(), milliseconds_until(deadline));
    if (looks[0].revents != 0) return Ready::interrupted;
    if (looks[1].revents != 0) return Ready::readable;
    if (ready < 0 && errno != EINTR) return Ready::readable;  // The read itself will say what is wrong.
    if (Clock::now() >= deadline) return Ready::timed_out;
  }
}

}  // namespace triggers
