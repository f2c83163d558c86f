#include "api/admission/first_reads.h"

namespace triggers::api {

bool FirstReads::may_begin(FirstRead& read, std::chrono::steady_clock::time_point now) {
  read.counted_ = failures_.record_failure(read.bucket_, now);
  return read.counted_.allowed;
}

bool FirstReads::begin_or_wait(FirstRead& read, std::coroutine_handle<> handle) {
  const MutexLock lock(mutex_);
  const auto home = buckets_.try_emplace(read.bucket_).first;
  Reads& reads = home->second;
  read.since_ = clock_.steady();
  if (reads.waiting.empty() && may_begin(read, read.since_)) {
    ++reads.under_way;
    read.begun_ = FirstRead::Begun::yes;
    return false;
  }
  if (reads.under_way == 0) {
    buckets_.erase(home);
    read.begun_ = FirstRead::Begun::failed_too_often;
    return false;
  }
  read.executor_ = &Executor::current();
  read.waiter_ = handle;
  reads.waiting.push_back(&read);
  return true;
}

std::list<FirstRead*> FirstReads::decide(Reads& reads) {
  std::list<FirstRead*> decided;
  const auto now = clock_.steady();
  while (!reads.waiting.empty()) {
    FirstRead& next = *reads.waiting.front();
    if (now - next.since_ >= wait_max) {
      next.begun_ = FirstRead::Begun::waited_too_long;
    } else if (may_begin(next, now)) {
      next.begun_ = FirstRead::Begun::yes;
      ++reads.under_way;
    } else if (reads.under_way > 0) {
      break;
    } else {
      next.begun_ = FirstRead::Begun::failed_too_often;
    }
    decided.splice(decided.end(), reads.waiting, reads.waiting.begin());
  }
  return decided;
}

void FirstReads::end(const FirstRead& read) noexcept {
  std::list<FirstRead*> decided;
  {
    const MutexLock lock(mutex_);
    if (read.forgiven_) failures_.forgive(read.bucket_, clock_.steady());
    const auto home = buckets_.find(read.bucket_);
    Reads& reads = home->second;
    --reads.under_way;
    decided = decide(reads);
    if (reads.under_way == 0) buckets_.erase(home);
  }
  for (const FirstRead* one : decided) {
    // The waiter destroys it as soon as it runs.
    const std::coroutine_handle<> waiter = one->waiter_;
    one->executor_->resume_surely({&waiter, 1});
  }
}

}  // namespace triggers::api
