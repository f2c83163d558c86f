#include "base/turn_pool.h"

#include "base/invariant.h"
#include "base/thread_name.h"
#include "base/thread_priority.h"

namespace triggers {

TurnPool::TurnPool(unsigned threads, std::string_view name) {
  threads_.reserve(threads);
  try {
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this, name, i] {
        name_thread(name, i);
        lower_thread_priority();
        serve();
      });
    }
  } catch (...) {
    stop();  // A thread that is not joined would end the process.
    throw;
  }
}

TurnPool::~TurnPool() { stop(); }

void TurnPool::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
  const MutexLock lock(mutex_);
  INVARIANT(queue_.waiting() == 0, "the threads have ended before %zu jobs, whose waiters would wait for ever",
            queue_.waiting());
}

std::size_t TurnPool::waiting() const {
  const MutexLock lock(mutex_);
  return queue_.waiting();
}

std::uint64_t TurnPool::taken() const {
  const MutexLock lock(mutex_);
  return taken_;
}

void TurnPool::push(std::string_view holder, Job& job) {
  {
    const MutexLock lock(mutex_);
    const bool pushed = queue_.push(holder, &job);
    INVARIANT(pushed, "an unbounded queue has refused a job");
  }
  wake_.notify_one();
}

void TurnPool::serve() {
  MutexLock lock(mutex_);
  for (;;) {
    while (!stopping_ && !queue_.ready()) wake_.wait(lock);
    const auto turn = queue_.pop();
    if (!turn) return;
    ++taken_;
    Job& job = *turn->item;
    lock.unlock();
    // The waiter destroys the job as soon as it runs.
    job.run();
    Executor& executor = *job.executor;
    const std::coroutine_handle<> waiter = job.waiter;
    executor.resume_surely({&waiter, 1});
    lock.lock();
    queue_.done(turn->user);
  }
}

}  // namespace triggers
