#pragma once

#include <condition_variable>
#include <mutex>

namespace triggers::testing_support {

/// A slow disk: while it is closed, each write waits until the test lets it through. Any thread.
class WriteGate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    changed_.notify_all();
  }
  [[nodiscard]] bool holds_a_write() const {
    const std::lock_guard lock(mutex_);
    return waiting_ > allowed_;
  }
  /// Lets one waiting write through.
  void let_one_through() {
    const std::lock_guard lock(mutex_);
    ++allowed_;
    changed_.notify_all();
  }

  /// The file system calls this before each write.
  void pass() {
    std::unique_lock lock(mutex_);
    if (!closed_) return;
    ++waiting_;
    changed_.wait(lock, [this] { return !closed_ || allowed_ > 0; });
    --waiting_;
    if (allowed_ > 0) --allowed_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  int waiting_ = 0, allowed_ = 0;
};

}  // namespace triggers::testing_support
