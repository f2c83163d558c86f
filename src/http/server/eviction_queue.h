#pragma once

// A queue of waiting connections, oldest first. Which queue counts first is in eviction.h.

#include <atomic>
#include <chrono>

namespace triggers::http {

class EvictionQueue;

/// A connection that may be in one queue at a time. Its destructor takes it out.
class Evictable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Evictable() = default;
  Evictable(const Evictable&) = delete;
  Evictable& operator=(const Evictable&) = delete;

  /// Leaves its queue, if it is in one, and joins the end of `queue`. `since` is not before that of the last one.
  void join(EvictionQueue& queue, TimePoint since) noexcept;
  void leave_queue() noexcept {
    if (queue_ != nullptr) unlink();
  }
  /// Null: it is in none.
  [[nodiscard]] const EvictionQueue* queue() const noexcept { return queue_; }

 protected:
  ~Evictable() { leave_queue(); }

 private:
  friend class EvictionQueue;
  void unlink() noexcept;

  EvictionQueue* queue_ = nullptr;
  Evictable* ahead_ = nullptr;
  Evictable* behind_ = nullptr;
  TimePoint since_;
};

/// Connections in the order in which they began to wait. One thread changes it, at a constant cost; any thread may call
/// oldest().
class EvictionQueue {
 public:
  EvictionQueue() = default;
  EvictionQueue(const EvictionQueue&) = delete;
  EvictionQueue& operator=(const EvictionQueue&) = delete;

  [[nodiscard]] Evictable* first() const noexcept { return first_; }
  /// When the first began to wait; TimePoint::max() if the queue is empty. Any thread: the value may be out of date.
  [[nodiscard]] Evictable::TimePoint oldest() const noexcept { return oldest_.load(std::memory_order_relaxed); }

 private:
  friend class Evictable;
  void publish() noexcept;

  Evictable* first_ = nullptr;
  Evictable* last_ = nullptr;
  std::atomic<Evictable::TimePoint> oldest_ = Evictable::TimePoint::max();
};

}  // namespace triggers::http
