#include "swarm/run/main_wait.h"

#include <algorithm>

namespace triggers::swarm {
namespace {

constexpr int call_signal = SIGUSR1;

}  // namespace

MainWait::MainWait() : owner_(::pthread_self()) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, call_signal);
  // Keep SIGHUP ignored if it is, as under nohup(1).
  struct sigaction hangup{};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(&signals_, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

bool MainWait::stop_signal_before(Time until) {
  const std::chrono::nanoseconds left =
      std::max(std::chrono::nanoseconds{0}, std::chrono::nanoseconds{until - std::chrono::steady_clock::now()});
  const timespec timeout{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
  const int arrived = ::sigtimedwait(&signals_, nullptr, &timeout);
  if (arrived == call_signal && serve_) serve_();
  return arrived > 0 && arrived != call_signal;
}

void MainWait::call() noexcept { ::pthread_kill(owner_, call_signal); }

void MainWait::unblock() noexcept { ::pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr); }

}  // namespace triggers::swarm
