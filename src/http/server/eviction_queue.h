#pragma once

#include <atomic>
#include <chrono>

namespace triggers::http {

class WaitingLine;

/// Something that may stand in one line at a time. It leaves the line when it is destroyed.
class Waiting {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Waiting() = default;
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  /// Leaves its line, if it stands in one, and joins the end of `line`. `since` is not before that of the last one.
  void wait_in(WaitingLine& line, TimePoint since) noexcept;
  void leave() noexcept {
    if (line_ != nullptr) unlink();
  }
  /// Null: it stands in none.
  [[nodiscard]] const WaitingLine* line() const noexcept { return line_; }

 protected:
  ~Waiting() { leave(); }

 private:
  friend class WaitingLine;
  void unlink() noexcept;

  WaitingLine* line_ = nullptr;
  Waiting* ahead_ = nullptr;
  Waiting* behind_ = nullptr;
  TimePoint since_;
};

/// Those who wait, the longest first. One thread changes it, at a constant cost; every thread may ask for oldest().
class WaitingLine {
 public:
  WaitingLine() = default;
  WaitingLine(const WaitingLine&) = delete;
  WaitingLine& operator=(const WaitingLine&) = delete;

  [[nodiscard]] Waiting* first() const noexcept { return first_; }
  /// Since when the first has waited; the latest time there is if the line is empty. Any thread: the answer may be old.
  [[nodiscard]] Waiting::TimePoint oldest() const noexcept { return oldest_.load(std::memory_order_relaxed); }

 private:
  friend class Waiting;
  void publish() noexcept;

  Waiting* first_ = nullptr;
  Waiting* last_ = nullptr;
  std::atomic<Waiting::TimePoint> oldest_ = Waiting::TimePoint::max();
};

}  // namespace triggers::http
