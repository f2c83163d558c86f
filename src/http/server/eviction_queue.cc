#include "http/server/eviction_queue.h"

#include "base/invariant.h"

namespace triggers::http {

static_assert(std::atomic<Evictable::TimePoint>::is_always_lock_free);

void Evictable::join(EvictionQueue& queue, TimePoint since) noexcept {
  leave_queue();
  queue_ = &queue;
  since_ = since;
  ahead_ = queue.last_;
  (ahead_ != nullptr ? ahead_->behind_ : queue.first_) = this;
  queue.last_ = this;
  if (ahead_ == nullptr) queue.publish();
}

void Evictable::unlink() noexcept {
  EvictionQueue& queue = *queue_;
  const bool was_first = ahead_ == nullptr;
  INVARIANT((was_first ? queue.first_ : ahead_->behind_) == this, "the queue of evictable connections is torn");
  (was_first ? queue.first_ : ahead_->behind_) = behind_;
  (behind_ == nullptr ? queue.last_ : behind_->ahead_) = ahead_;
  queue_ = nullptr;
  ahead_ = behind_ = nullptr;
  if (was_first) queue.publish();
}

void EvictionQueue::publish() noexcept {
  oldest_.store(first_ != nullptr ? first_->since_ : Evictable::TimePoint::max(), std::memory_order_relaxed);
}

}  // namespace triggers::http
