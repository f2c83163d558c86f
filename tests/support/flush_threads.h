#pragma once

// Holds back RocksDB's flushes, or waits for them.

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <cstddef>
#include <latch>
#include <memory>

namespace triggers::testing_support {

/// Blocks every thread on which RocksDB writes memtables to tables, for all databases of this process. A thread is
/// blocked only after it has finished the work that was scheduled before.
class HeldFlushThreads {
 public:
  HeldFlushThreads() {
    auto& env = *rocksdb::Env::Default();
    const int threads = env.GetBackgroundThreads(rocksdb::Env::HIGH);
    EXPECT_GT(threads, 0);
    latches_ = std::make_shared<Latches>(threads);
    for (int i = 0; i < threads; ++i) {
      env.Schedule(&hold, std::make_unique<std::shared_ptr<Latches>>(latches_).release(), rocksdb::Env::HIGH);
    }
    latches_->held.wait();
  }
  HeldFlushThreads(const HeldFlushThreads&) = delete;
  HeldFlushThreads& operator=(const HeldFlushThreads&) = delete;
  ~HeldFlushThreads() { latches_->released.count_down(); }

 private:
  struct Latches {
    explicit Latches(std::ptrdiff_t threads) : held(threads) {}
    std::latch held, released{1};
  };

  static void hold(void* argument) {
    const std::unique_ptr<std::shared_ptr<Latches>> latches{static_cast<std::shared_ptr<Latches>*>(argument)};
    (*latches)->held.count_down();
    (*latches)->released.wait();
  }

  std::shared_ptr<Latches> latches_;
};

/// Waits until no flush is running or scheduled. A flush that ends may schedule another.
inline void settle_flushes() {
  constexpr int families_max = 16;
  for (int i = 0; i < families_max; ++i) const HeldFlushThreads held;
}

}  // namespace triggers::testing_support
