#include "store/rocks/reader_pool.h"

namespace triggers::store {

ReaderPool::ReaderPool(unsigned threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

ReaderPool::~ReaderPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool ReaderPool::push(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= waiting_max_) return false;
    waiting_.push_back(&job);
  }
  wake_.notify_one();
  return true;
}

void ReaderPool::serve() {
  for (;;) {
    Job* job = nullptr;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      job = waiting_.front();
      waiting_.pop_front();
    }
    job->work();
    // The job lives in the waiter's frame: not to be touched once the waiter may run.
    const auto waiter = job->waiter;
    job->executor->resume({&waiter, 1});
  }
}

}  // namespace triggers::store
