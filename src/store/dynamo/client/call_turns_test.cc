#include "store/dynamo/client/call_turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/gather.h"
#include "base/sync_wait.h"
#include "store/dynamo/client/table.h"

namespace triggers::store::dynamo {
namespace {

/// Goes behind what its executor has ready.
struct Yield {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const { Executor::current().resume({&handle, 1}); }
  void await_resume() const noexcept {}
};

/// DynamoDB that answers when the test says so: the key `k` of each call is written down as it arrives.
class HeldDynamo final : public Caller {
 public:
  Task<CallResult> call(ApiCall, boost::json::object body, Repeat, std::chrono::milliseconds) override {
    arrived_ += body.at("Key").at("k").as_string().front();
    most_at_once_ = std::max(most_at_once_, ++under_way_);
    Held held{*this};
    co_await held;
    --under_way_;
    co_return boost::json::object{};
  }
  Task<bool> wait_to_retry(unsigned, std::chrono::milliseconds) override { co_return false; }
  Task<bool> pause(unsigned, std::chrono::milliseconds) override { co_return false; }
  Task<void> sleep(std::chrono::milliseconds) override { co_return; }

  /// Answers the calls one after the other, the oldest first, until there are none.
  Task<void> answer_all() {
    while (!held_.empty()) {
      const auto oldest = held_.front();
      held_.erase(held_.begin());
      oldest.resume();
      const Yield yield;
      co_await yield;
    }
  }

  [[nodiscard]] const std::string& arrived() const { return arrived_; }
  [[nodiscard]] int most_at_once() const { return most_at_once_; }

 private:
  struct Held {
    HeldDynamo& dynamo;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) const { dynamo.held_.push_back(handle); }
    void await_resume() const noexcept {}
  };

  std::string arrived_;
  std::vector<std::coroutine_handle<>> held_;
  int under_way_ = 0, most_at_once_ = 0;
};

/// Reads of tenants, each through a Table of its own as an operation has it.
class CallTurnsTest : public testing::Test {
 protected:
  void read(const std::string& tenant, char mark) { tasks_.push_back(get(tenant, mark)); }

  /// The marks in the order in which DynamoDB got them.
  std::string run() {
    tasks_.push_back(dynamo_.answer_all());
    auto all = [](std::vector<Task<void>> tasks) -> Task<void> {
      const std::size_t count = tasks.size();
      Gather gather(std::move(tasks), count);
      co_await gather;
    };
    sync_wait(all(std::move(tasks_)));
    return dynamo_.arrived();
  }

  CallTurns turns_{2, 8};
  HeldDynamo dynamo_;
  int refused_ = 0;

 private:
  Task<void> get(std::string tenant, char mark) {
    Table table = Table(dynamo_, "events").until(Table::TimePoint::max(), turns_, tenant);
    Item key;
    key["k"] = std::string(1, mark);
    const auto answer = co_await table.get(std::move(key));
    if (!answer && answer.error().kind == CallError::Kind::share_used) ++refused_;
  }

  std::vector<Task<void>> tasks_;
};

TEST_F(CallTurnsTest, TenantsTakeTurnsWhoeverCameFirst) {
  for (const char mark : std::string("abcde")) read("greedy", mark);
  read("small", '1');
  read("small", '2');
  read("other", 'X');
  EXPECT_EQ(run(), "ab1Xc2de");
  EXPECT_EQ(dynamo_.most_at_once(), 2);
  EXPECT_EQ(refused_, 0);
}

TEST_F(CallTurnsTest, OnlyTheTenantThatFillsThePlacesIsRefused) {
  for (int n = 0; n < 20; ++n) read("greedy", 'g');
  read("small", 's');
  EXPECT_EQ(run(), "ggsgggg");
  EXPECT_EQ(refused_, 14);
}

TEST_F(CallTurnsTest, TurnsComeBackWhenAllIsDone) {
  for (int round = 0; round < 3; ++round) {
    read("a", 'a');
    read("b", 'b');
    (void)run();
  }
  EXPECT_EQ(dynamo_.arrived(), "ababab");
}

}  // namespace
}  // namespace triggers::store::dynamo
