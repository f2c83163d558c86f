#include "base/turn_pool.h"

#include <algorithm>

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
  std::size_t count = 0;
  for (const Turn& turn : turns_) count += turn.jobs.size();
  return count;
}

std::uint64_t TurnPool::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

void TurnPool::push(std::string_view holder, Job& job) {
  {
    const std::lock_guard lock(mutex_);
    auto turn = std::ranges::find(turns_, holder, &Turn::holder);
    if (turn == turns_.end()) {
      turns_.push_back({std::string{holder}, {&job}});
    } else {
      turn->jobs.push_back(&job);
    }
  }
  wake_.notify_one();
}

TurnPool::Job& TurnPool::take_locked() {
  Turn& turn = turns_.front();
  Job& job = *turn.jobs.front();
  turn.jobs.pop_front();
  ++taken_;
  if (turn.jobs.empty()) {
    turns_.pop_front();
  } else {
    turns_.splice(turns_.end(), turns_, turns_.begin());
  }
  return job;
}

void TurnPool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !turns_.empty(); });
    if (turns_.empty()) return;
    Job& job = take_locked();
    lock.unlock();
    // The job is gone as soon as its waiter runs.
    job.run();
    Executor& executor = *job.executor;
    const std::coroutine_handle<> waiter = job.waiter;
    executor.resume_surely({&waiter, 1});
    lock.lock();
  }
}

}  // namespace triggers
