#include "http/server/eviction_queue.h"

namespace triggers::http {

static_assert(std::atomic<Waiting::TimePoint>::is_always_lock_free);

void Waiting::wait_in(WaitingLine& line, TimePoint since) noexcept {
  leave();
  line_ = &line;
  since_ = since;
  ahead_ = line.last_;
  (ahead_ != nullptr ? ahead_->behind_ : line.first_) = this;
  line.last_ = this;
  if (ahead_ == nullptr) line.publish();
}

void Waiting::unlink() noexcept {
  WaitingLine& line = *line_;
  const bool was_first = ahead_ == nullptr;
  (was_first ? line.first_ : ahead_->behind_) = behind_;
  (behind_ == nullptr ? line.last_ : behind_->ahead_) = ahead_;
  line_ = nullptr;
  ahead_ = behind_ = nullptr;
  if (was_first) line.publish();
}

void WaitingLine::publish() noexcept {
  oldest_.store(first_ != nullptr ? first_->since_ : Waiting::TimePoint::max(), std::memory_order_relaxed);
}

}  // namespace triggers::http
