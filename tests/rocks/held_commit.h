#pragma once

// A fixture that holds the committer, so that a test decides what one commit consists of.

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <semaphore>
#include <thread>
#include <vector>

#include "base/sync_wait.h"
#include "rocks_fixture.h"

namespace triggers::store {

/// Holds the committer after a commit, so that what is queued meanwhile is one commit, in the order of the queue.
/// `Fixture`: a RocksFixture. Call wait_if_held() in `config.on_commit`, and destroy the store before the members here.
template <class Fixture>
class HeldCommit : public Fixture {
 protected:
  void wait_if_held() {
    if (!hold_.exchange(false)) return;
    held_.release();
    go_on_.wait();
  }

  void hold_committer() {
    hold_ = true;
    // It is not awaited: an earlier commit may be observed only now, and be the one that is held.
    threads_.emplace_back([this] {
      const Draft draft = numbered(1);
      EXPECT_TRUE(sync_wait(this->store->append(other, draft.append())));
      committed_ = true;
    });
    held_.acquire();
    while (!committed_ && this->store->writes_waiting() == 0) std::this_thread::yield();
  }
  /// Runs `work` on a thread of its own, and returns when the committer can see its operation. The depth of the queue
  /// would not tell: it grows before the operation is handed over, so a later one could come first, or the commit
  /// begin.
  void queue(std::function<void()> work) {
    const std::size_t before = this->store->writes_waiting();
    threads_.emplace_back(std::move(work));
    while (this->store->writes_waiting() == before) std::this_thread::yield();
  }
  void run_commit() {
    go_on_.count_down();
    threads_.clear();
  }

  const Tenant other{"zeta"};

 private:
  std::atomic<bool> hold_{false}, committed_{false};
  std::binary_semaphore held_{0};
  std::latch go_on_{1};
  std::vector<std::jthread> threads_;
};

}  // namespace triggers::store
