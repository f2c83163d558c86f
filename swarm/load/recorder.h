#pragma once

// Hands what a load thread counted to the thread that collects. What is counted is in stats/statistics.h.

#include <chrono>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// One load thread records here and another thread collects. The lock is contended only during a collection.
class Recorder {
 public:
  void record(RequestName name, const Sample& sample) {
    const MutexLock lock(mutex_);
    counted_.record(name, sample);
  }
  void record_failure(RequestName name, const Sample& sample, const std::string& error) {
    const MutexLock lock(mutex_);
    counted_.record(name, sample);
    counted_.record_failure(name, error, sample.finished);
  }
  void record_exception(const std::string& message, const std::string& traceback) {
    const MutexLock lock(mutex_);
    counted_.record_exception(message, traceback);
  }
  void record_cut_off(RequestName name, std::chrono::nanoseconds age) {
    const MutexLock lock(mutex_);
    counted_.record_cut_off(name, age);
  }
  /// Everything recorded since the last call.
  Statistics take() {
    const MutexLock lock(mutex_);
    return std::exchange(counted_, Statistics{});
  }

 private:
  Mutex mutex_;
  Statistics counted_ GUARDED_BY(mutex_);
};

}  // namespace triggers::swarm
