#pragma once

// For tests: what handlers that wait have done. Raw clients are in test_server.h, and what a handler waits with is in
// http/wire/test_until_cancelled.h.

#include <chrono>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "http/wire/test_until_cancelled.h"

namespace triggers::http {

/// What handlers have done, in their order. A test waits for it.
class Events {
 public:
  void add(const std::string& event) {
    const MutexLock lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  /// Blocks until there are so many, at most some seconds.
  std::vector<std::string> await(std::size_t count) {
    MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (events_.size() < count && changed_.wait_until(lock, until) == std::cv_status::no_timeout) {
    }
    return events_;
  }

 private:
  Mutex mutex_;
  Condition changed_;
  std::vector<std::string> events_ GUARDED_BY(mutex_);
};

}  // namespace triggers::http
