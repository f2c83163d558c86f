#pragma once

// Hands what a load thread counted to the thread that collects, and leaves out what was sent before the count began.
// What is counted is in stats/statistics.h.

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "swarm/load/reactor.h"
#include "swarm/stats/statistics.h"
#include "swarm/stats/uncounted.h"

namespace triggers::swarm {

/// One load thread records here and another thread collects. The lock is contended only during a collection. `sent` is
/// when the request was sent, or was due.
class Recorder {
 public:
  void record(RequestName name, const Sample& sample, MonotonicTime sent) {
    const MutexLock lock(mutex_);
    if (sent < count_from_) return uncounted_.add(sample);
    counted_.record(name, sample);
  }
  void record_failure(RequestName name, const Sample& sample, MonotonicTime sent, const std::string& error) {
    const MutexLock lock(mutex_);
    if (sent < count_from_) return uncounted_.add(sample);
    counted_.record(name, sample);
    counted_.record_failure(name, error, sample.finished);
  }
  /// An exception has no latency, and is a fault of the test: it counts whenever it happens.
  void record_exception(const std::string& message, const std::string& traceback) {
    const MutexLock lock(mutex_);
    counted_.record_exception(message, traceback);
  }
  void record_metric(std::string_view name, double value, MonotonicTime when) {
    const MutexLock lock(mutex_);
    if (when >= count_from_) counted_.record_metric(name, value);
  }
  void record_cut_off(RequestName name, MonotonicTime sent, MonotonicTime now) {
    const MutexLock lock(mutex_);
    if (sent >= count_from_) counted_.record_cut_off(name, now - sent);
  }
  /// Everything recorded since the last call.
  Statistics take() {
    const MutexLock lock(mutex_);
    return std::exchange(counted_, Statistics{});
  }
  /// From now on, counts only what is sent at `from` or later.
  void count_from(MonotonicTime from) {
    const MutexLock lock(mutex_);
    count_from_ = from;
  }
  /// What was left out, since the start.
  [[nodiscard]] Uncounted uncounted() const {
    const MutexLock lock(mutex_);
    return uncounted_;
  }

 private:
  mutable Mutex mutex_;
  MonotonicTime count_from_ GUARDED_BY(mutex_) = MonotonicTime::min();
  Statistics counted_ GUARDED_BY(mutex_);
  Uncounted uncounted_ GUARDED_BY(mutex_);
};

}  // namespace triggers::swarm
