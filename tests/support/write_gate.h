#pragma once

// A slow disk: a test lets each write through. A disk with errors is in failing_file_system.h.

#include "base/mutex.h"

namespace triggers::testing_support {

/// A slow disk: while it is closed, each write waits until the test lets it through. Any thread.
class WriteGate {
 public:
  void close() {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  void open() {
    const MutexLock lock(mutex_);
    closed_ = false;
    changed_.notify_all();
  }
  [[nodiscard]] bool holds_a_write() const {
    const MutexLock lock(mutex_);
    return waiting_ > allowed_;
  }
  /// Lets one waiting write through.
  void let_one_through() {
    const MutexLock lock(mutex_);
    ++allowed_;
    changed_.notify_all();
  }

  /// The file system calls this before each write.
  void pass() {
    MutexLock lock(mutex_);
    if (!closed_) return;
    ++waiting_;
    while (closed_ && allowed_ == 0) changed_.wait(lock);
    --waiting_;
    if (allowed_ > 0) --allowed_;
  }

 private:
  mutable Mutex mutex_;
  Condition changed_;
  bool closed_ GUARDED_BY(mutex_) = false;
  int waiting_ GUARDED_BY(mutex_) = 0, allowed_ GUARDED_BY(mutex_) = 0;
};

}  // namespace triggers::testing_support
