#include "swarm/load/reactor.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/invariant.h"

namespace triggers::swarm {

Reactor::Reactor() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  INVARIANT(epoll_ && wake_, "no descriptors for a load thread: %s", std::strerror(errno));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // nobody's: a wake-up
  INVARIANT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0, "%s", std::strerror(errno));
}

void Reactor::run() {
  while (!stop_seen_) round();
}

void Reactor::round() {
  run_deferred();
  fire_due();
  wait_for_events();
  for (int i = 0; i < found_; ++i) {
    auto* const source = static_cast<Source*>(events_[static_cast<std::size_t>(i)].data.ptr);
    if (source != nullptr) source->ready(events_[static_cast<std::size_t>(i)].events);
  }
  found_ = 0;
  if (woken_) run_posted();
}

void Reactor::post(std::function<void()> work) {
  {
    const MutexLock lock(mutex_);
    posted_.push_back(std::move(work));
  }
  ::eventfd_write(wake_.get(), 1);
}

void Reactor::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  ::eventfd_write(wake_.get(), 1);
}

void Reactor::watch(int fd, Source& source, std::uint32_t epoll_events) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = &source;
  INVARIANT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "descriptor %d: %s", fd, std::strerror(errno));
}

void Reactor::change(int fd, Source& source, std::uint32_t epoll_events) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = &source;
  INVARIANT(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0, "descriptor %d: %s", fd, std::strerror(errno));
}

void Reactor::forget(int fd, Source& source) {
  epoll_event event{};
  INVARIANT(::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &event) == 0, "descriptor %d: %s", fd, std::strerror(errno));
  for (int i = 0; i < found_; ++i) {
    auto& found = events_[static_cast<std::size_t>(i)];
    if (found.data.ptr == &source) found.data.ptr = nullptr;
  }
}

void Reactor::wait_for_events() {
  using std::chrono::nanoseconds;
  nanoseconds left = std::chrono::hours{1};
  if (!deferred_.empty()) {
    left = nanoseconds{0};
  } else if (!timers_.empty()) {
    left =
        std::max(nanoseconds{0}, std::min<nanoseconds>(left, timers_.front()->due_ - std::chrono::steady_clock::now()));
  }
  const auto capacity = static_cast<int>(events_.size());
  if (has_pwait2_) {
    const timespec timeout{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
    found_ = ::epoll_pwait2(epoll_.get(), events_.data(), capacity, &timeout, nullptr);
    if (found_ < 0 && errno == ENOSYS) has_pwait2_ = false;  // Linux before 5.11: whole milliseconds
  }
  if (!has_pwait2_) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    found_ = ::epoll_wait(epoll_.get(), events_.data(), capacity, static_cast<int>(ms));
  }
  found_ = std::max(found_, 0);  // interrupted: the next round
  for (int i = 0; i < found_; ++i) woken_ = woken_ || events_[static_cast<std::size_t>(i)].data.ptr == nullptr;
}

void Reactor::run_posted() {
  // Clear the event first: work that is posted from now on wakes the next round.
  woken_ = false;
  eventfd_t wakes = 0;
  ::eventfd_read(wake_.get(), &wakes);
  std::vector<std::function<void()>> work;
  {
    const MutexLock lock(mutex_);
    work.swap(posted_);
    stop_seen_ = stopped_;
  }
  for (const auto& one : work) one();
}

void Reactor::run_deferred() {
  running_.swap(deferred_);
  for (std::size_t i = 0; i < running_.size(); ++i) {
    if (running_[i]) std::exchange(running_[i], nullptr).resume();
  }
  running_.clear();
}

void Reactor::undefer(std::coroutine_handle<> waiting) {
  std::replace(deferred_.begin(), deferred_.end(), waiting, std::coroutine_handle<>{});
  std::replace(running_.begin(), running_.end(), waiting, std::coroutine_handle<>{});
}

void Reactor::fire_due() {
  if (timers_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.front()->due_ <= now) {
    Timer* const timer = timers_.front();
    cancel(*timer);
    timer->fire();
  }
}

void Reactor::start(Timer& timer, MonotonicTime due) {
  cancel(timer);
  timer.due_ = due;
  timers_.push_back(&timer);
  timer.position_ = timers_.size() - 1;
  sift_up(timer.position_);
}

void Reactor::cancel(Timer& timer) {
  if (!timer.waits()) return;
  const std::size_t position = timer.position_;
  INVARIANT(position < timers_.size() && timers_[position] == &timer,
            "the timer at %zu of %zu is not the one that is cancelled", position, timers_.size());
  timer.position_ = Timer::nowhere;
  Timer* const last = timers_.back();
  timers_.pop_back();
  if (last == &timer) return;
  place(last, position);
  sift_up(position);
  sift_down(last->position_);
}

void Reactor::place(Timer* timer, std::size_t position) {
  timers_[position] = timer;
  timer->position_ = position;
}

void Reactor::sift_up(std::size_t position) {
  Timer* const timer = timers_[position];
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (timers_[parent]->due_ <= timer->due_) break;
    place(timers_[parent], position);
    position = parent;
  }
  place(timer, position);
}

void Reactor::sift_down(std::size_t position) {
  Timer* const timer = timers_[position];
  for (std::size_t child = 2 * position + 1; child < timers_.size(); child = 2 * position + 1) {
    if (child + 1 < timers_.size() && timers_[child + 1]->due_ < timers_[child]->due_) ++child;
    if (timer->due_ <= timers_[child]->due_) break;
    place(timers_[child], position);
    position = child;
  }
  place(timer, position);
}

}  // namespace triggers::swarm
