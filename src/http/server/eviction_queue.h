#pragma once

#include <atomic>
#include <chrono>

namespace triggers::http {

class EvictionQueue;

/// Something that may stand in one line at a time. It leaves the line when it is destroyed.
class Evictable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Evictable() = default;
  Evictable(const Evictable&) = delete;
  Evictable& operator=(const Evictable&) = delete;

  /// Leaves its line, if it stands in one, and joins the end of `line`. `since` is not before that of the last one.
  void join(EvictionQueue& queue, TimePoint since) noexcept;
  void leave_queue() noexcept {
    if (queue_ != nullptr) unlink();
  }
  /// Null: it stands in none.
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

/// Those who wait, the longest first. One thread changes it, at a constant cost; every thread may ask for oldest().
class EvictionQueue {
 public:
  EvictionQueue() = default;
  EvictionQueue(const EvictionQueue&) = delete;
  EvictionQueue& operator=(const EvictionQueue&) = delete;

  [[nodiscard]] Evictable* first() const noexcept { return first_; }
  /// Since when the first has waited; the latest time there is if the line is empty. Any thread: the answer may be old.
  [[nodiscard]] Evictable::TimePoint oldest() const noexcept { return oldest_.load(std::memory_order_relaxed); }

 private:
  friend class Evictable;
  void publish() noexcept;

  Evictable* first_ = nullptr;
  Evictable* last_ = nullptr;
  std::atomic<Evictable::TimePoint> oldest_ = Evictable::TimePoint::max();
};

}  // namespace triggers::http
