#include "stop_watchdog.h"

#include <pthread.h>
#include <unistd.h>

#include <ctime>

#include "base/clock.h"
#include "base/direct_stderr.h"
#include "base/thread_name.h"
#include "base/timestamp.h"

namespace triggers {
namespace {

constexpr int ended_early_status = 1;
constexpr std::chrono::milliseconds same_request_max{250};

/// An ignored hang-up stays ignored, because `nohup` wants it so.
bool is_ignored(int signal_number) {
  struct sigaction action{};
  return ::sigaction(signal_number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

StopWatchdog::StopWatchdog(StopTimes times) : times_(times) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  if (!is_ignored(SIGHUP)) sigaddset(&signals_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  thread_ = std::thread([this] { run(); });
}

StopWatchdog::~StopWatchdog() {
  {
    const MutexLock lock(mutex_);
    over_ = true;
  }
  pthread_kill(thread_.native_handle(), SIGINT);  // Blocked there: it only ends the wait.
  thread_.join();
}

bool StopWatchdog::asked() {
  const MutexLock lock(mutex_);
  return signal_ != 0;
}

int StopWatchdog::wait() {
  MutexLock lock(mutex_);
  while (signal_ == 0) changed_.wait(lock);
  return signal_;
}

void StopWatchdog::wait_for_drain() {
  MutexLock lock(mutex_);
  while (std::chrono::steady_clock::now() < drain_until_) changed_.wait_until(lock, drain_until_);
}

void StopWatchdog::enter(std::string_view stage, std::function<std::string()> detail) {
  const MutexLock lock(mutex_);
  stage_ = stage;
  detail_ = std::move(detail);
}

int StopWatchdog::next_signal(TimePoint until) const {
  for (;;) {
    const std::chrono::nanoseconds left = until - std::chrono::steady_clock::now();
    if (left.count() <= 0) return 0;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    if (const int number = ::sigtimedwait(&signals_, nullptr, &timeout); number > 0) return number;
  }
}

void StopWatchdog::run() {
  name_thread("signals");
  constexpr std::chrono::hours look_interval{1};
  for (;;) {
    TimePoint until = std::chrono::steady_clock::now() + look_interval;
    {
      const MutexLock lock(mutex_);
      until = std::min(until, end_at_);
    }
    const int number = next_signal(until);
    const MutexLock lock(mutex_);
    if (over_) return;
    const TimePoint now = std::chrono::steady_clock::now();
    if (number == 0) {
      if (now >= end_at_) end_at_once("the stop has taken too long");
    } else if (signal_ == 0) {
      signal_ = number;
      signal_at_ = now;
      drain_until_ = now + times_.drain;
      end_at_ = drain_until_ + times_.grace + times_.limit;
    } else if (number == SIGHUP || now - signal_at_ < same_request_max) {
      continue;  // A terminal that goes sends several hang-ups: from the kernel and from the shell.
    } else if (now < drain_until_) {
      drain_until_ = now;
      end_at_ = now + times_.grace + times_.limit;
    } else {
      end_at_once("a second signal arrived");
    }
    changed_.notify_all();
  }
}

/// What `detail_` looks at is still there, because enter() takes the lock. It allocates; if memory has run out, the
/// handler of std::terminate says so and ends the process as well.
void StopWatchdog::end_at_once(std::string_view why) {
  std::string line = R"({"time":")";
  append_timestamp(line, Clock::system().now());
  line.append(R"(","level":"error","event":"server_ended_early","cause":")").append(why);
  line.append(R"(","unfinished":")").append(stage_);
  if (detail_) line.append(": ").append(detail_());
  line.append(R"(","message":"Ended before it was finished. No confirmed write is lost."})");
  write_direct_to_stderr(line);
  ::_exit(ended_early_status);
}

}  // namespace triggers
