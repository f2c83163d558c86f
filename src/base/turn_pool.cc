#include "base/turn_pool.h"

#include "base/invariant.h"
#include "base/thread_priority.h"

namespace triggers {

TurnPool::TurnPool(unsigned threads) {
  threads_.reserve(threads);
  try {
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this] {
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
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

std::size_t TurnPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.waiting();
}

std::uint64_t TurnPool::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

void TurnPool::push(std::string_view holder, Job& job) {
  {
    const std::lock_guard lock(mutex_);
    INVARIANT(queue_.push(holder, &job));
  }
  wake_.notify_one();
}

void TurnPool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || queue_.ready(); });
    const auto turn = queue_.pop();
    if (!turn) return;
    ++taken_;
    Job& job = *turn->item;
    lock.unlock();
    // The job is gone as soon as its waiter runs.
    job.run();
    Executor& executor = *job.executor;
    const std::coroutine_handle<> waiter = job.waiter;
    executor.resume_surely({&waiter, 1});
    lock.lock();
    queue_.done(turn->user);
  }
}

}  // namespace triggers
