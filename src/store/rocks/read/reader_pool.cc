#include "store/rocks/read/reader_pool.h"

#include <algorithm>
#include <exception>

#include "base/invariant.h"
#include "base/thread_name.h"
#include "base/thread_priority.h"
#include "log/log.h"

namespace triggers::store {

ReaderPool::ReaderPool(unsigned threads, std::size_t waiting_max, std::string_view name, Priority priority,
                       std::string busy)
    : busy_(std::move(busy)), queue_(waiting_max, std::max(threads, 2U) - 1) {
  threads_.reserve(threads);
  try {
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this, name, i, priority] {
        name_thread(name, i);
        if (priority == Priority::low) lower_thread_priority();
        serve();
      });
    }
  } catch (...) {
    stop();  // A thread that is not joined would end the process.
    throw;
  }
}

ReaderPool::~ReaderPool() { stop(); }

void ReaderPool::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
  const MutexLock lock(mutex_);
  INVARIANT(queue_.waiting() == 0, "the readers have ended before %zu reads, whose waiters would wait for ever",
            queue_.waiting());
}

bool ReaderPool::push(Job& job) {
  {
    const MutexLock lock(mutex_);
    if (stopping_ || !queue_.push(job.tenant, &job)) return false;
  }
  wake_.notify_one();
  return true;
}

void ReaderPool::serve() noexcept {
  MutexLock lock(mutex_);
  for (;;) {
    while (!queue_.ready() && !(stopping_ && queue_.waiting() == 0)) wake_.wait(lock);
    const auto turn = queue_.pop();
    if (!turn) return;
    lock.unlock();
    ++taken_;
    Job* const job = turn->item;
    job->work();
    // The job lives in the waiter's frame: not to be touched once the waiter may run.
    const auto waiter = job->waiter;
    Executor* const executor = job->executor;
    lock.lock();
    queue_.done(turn->user);
    const bool last = stopping_ && queue_.waiting() == 0;
    lock.unlock();
    if (last) wake_.notify_all();
    executor->resume_surely({&waiter, 1});
    lock.lock();
  }
}

Error ReaderPool::caught() noexcept {
  ++exceptions_;
  try {
    std::string cause = "an exception in a read";
    try {
      throw;
    } catch (const std::exception& exception) {
      cause.append(": ").append(exception.what());
    } catch (...) {
      cause.append(" that is no std::exception");
    }
    log::error("exception_caught", {{"thread", "reader"}, {"cause", cause}});
    return {ErrorCode::internal, std::move(cause)};
  } catch (...) {
    return {ErrorCode::internal, {}};  // No memory, not even to tell it.
  }
}

}  // namespace triggers::store
