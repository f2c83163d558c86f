#include "base/stoppable_sleep.h"

#include "base/mutex.h"

namespace triggers {

void stoppable_sleep(const std::stop_token& stop, std::chrono::steady_clock::duration time) {
  Mutex mutex;
  Condition wake;
  // Made before the lock is taken: after a stop it calls at once. It outlives the lock, because its end waits for a
  // call that is under way.
  const std::stop_callback wake_up(stop, [&] {
    const MutexLock lock(mutex);
    wake.notify_one();
  });
  const auto until = std::chrono::steady_clock::now() + time;
  MutexLock lock(mutex);
  while (!stop.stop_requested() && wake.wait_until(lock, until) == std::cv_status::no_timeout) {
  }
}

}  // namespace triggers
