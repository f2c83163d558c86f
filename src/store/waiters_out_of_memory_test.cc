// Waiting allocates nothing, so it cannot fail for lack of memory. Its rules are tested in waiters_test.cc.

#include <gtest/gtest.h>

#include "base/test_failing_memory.h"
#include "store/test_waiting_reader.h"

namespace triggers::store {
namespace {

/// An executor that takes one handle and allocates nothing.
class OneHandle final : public Executor {
 public:
  void resume(std::span<const std::coroutine_handle<>> handles) override { ready_ = handles.front(); }
  template <class Function>
  void enter(Function function) {
    const Scope scope(*this);
    function();
  }
  void run() const { ready_.resume(); }

 private:
  std::coroutine_handle<> ready_;
};

RootTask wait_twice(Waiter& waiter, InboxWaiters& inbox, Cancellation& cancellation, int& woken) {
  for (int i = 0; i < 2; ++i) {
    const auto woke = co_await waiter.wait(inbox.version(), cancellation);
    if (woke.ok()) ++woken;
  }
}

TEST(WaitersOutOfMemory, WaitingAndWakingAllocateNothing) {
  Waiters all;
  InboxWaiters inbox(all);
  Cancellation cancellation;
  OneHandle executor;
  int woken = 0;
  Waiter waiter(all, inbox, "tenant", Waiter::taker(1));
  executor.enter([&] {
    failing_memory::allocations_left = 1;  // the coroutine's frame
    wait_twice(waiter, inbox, cancellation, woken);
    inbox.became_available(1);
    executor.run();
    cancellation.cancel(Cancellation::Reason::gone);
    executor.run();
    waiter.served();
    failing_memory::allocations_left = -1;
  });
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(failing_memory::failures, 0);
  RecordProperty("bytes_of_a_waiter", static_cast<int>(sizeof(Waiter)));
  EXPECT_LT(sizeof(Waiter), 256U);
}

}  // namespace
}  // namespace triggers::store
