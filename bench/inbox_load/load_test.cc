#include "load.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/mutex.h"

namespace triggers::bench {
namespace {

using std::chrono::milliseconds;

enum class Fault { none, loses, repeats, forgets_acknowledgement, refuses, invents };

/// The event that a faulty server treats wrongly.
constexpr std::uint64_t victim = 7;

/// A queue without a network, which both sides share.
class Queue {
 public:
  explicit Queue(Fault fault) : fault_(fault) {}

  void put(std::uint64_t number) {
    const MutexLock lock(mutex_);
    if (number == victim && fault_ == Fault::loses) return;
    numbers_.push_back(number);
    if (number == victim && fault_ == Fault::repeats) numbers_.push_back(number);
    if (number == victim && fault_ == Fault::invents) numbers_.push_back(1'000'000'000);
  }

  std::vector<std::uint64_t> take(std::size_t most) {
    const MutexLock lock(mutex_);
    std::vector<std::uint64_t> taken;
    for (; !numbers_.empty() && taken.size() < most; numbers_.pop_front()) taken.push_back(numbers_.front());
    return taken;
  }

  [[nodiscard]] Fault fault() const { return fault_; }

 private:
  const Fault fault_;
  Mutex mutex_;
  std::deque<std::uint64_t> numbers_ GUARDED_BY(mutex_);
};

class QueueIntake final : public Intake {
 public:
  QueueIntake(swarm::Reactor& reactor, Queue& queue) : reactor_(reactor), queue_(queue) {}
  void start(Listener& listener) override { listener_ = &listener; }
  [[nodiscard]] bool has_room() const override { return !busy_; }
  void send(std::uint64_t number) override {
    busy_ = true;
    queue_.put(number);
    reactor_.post([this, number] {
      busy_ = false;
      if (number == victim && queue_.fault() == Fault::refuses) return listener_->failed("refused");
      listener_->accepted(number);
    });
  }

 private:
  swarm::Reactor& reactor_;
  Queue& queue_;
  Listener* listener_ = nullptr;
  bool busy_ = false;
};

/// One worker that takes what is there once in a millisecond.
class QueueOutlet final : public Outlet, private swarm::Reactor::Timer {
 public:
  QueueOutlet(swarm::Reactor& reactor, Queue& queue) : reactor_(reactor), queue_(queue) {}
  void start(Listener& listener) override {
    listener_ = &listener;
    fire();
  }
  void drain() override {}
  /// The answer to a last request takes a while.
  void finish() override {
    finishing_ = true;
    reactor_.start(*this, std::chrono::steady_clock::now() + milliseconds{20});
  }
  void stop() override {
    stopped_early = !finished_;
    reactor_.cancel(*this);
  }

  std::size_t largest_reserve = 0;
  bool stopped_early = false;

 private:
  void fire() override {
    if (finishing_) {
      finished_ = true;
      return listener_->finished();
    }
    while (const std::size_t reserved = listener_->reserve(10)) {
      largest_reserve = std::max(largest_reserve, reserved);
      std::vector<std::uint64_t> batch = queue_.take(reserved);
      listener_->unreserve(reserved);
      if (batch.empty()) break;
      listener_->received(batch);
      if (queue_.fault() == Fault::forgets_acknowledgement) std::erase(batch, victim);
      listener_->acknowledged(batch);
    }
    reactor_.start(*this, std::chrono::steady_clock::now() + milliseconds{1});
  }

  swarm::Reactor& reactor_;
  Queue& queue_;
  Listener* listener_ = nullptr;
  bool finishing_ = false, finished_ = false;
};

struct Run {
  LoadResult result;
  std::size_t largest_reserve = 0;
  bool stopped_early = false;
};

Run run(Fault fault, double rate = 0) {
  swarm::Reactor sending, receiving;
  Queue queue(fault);
  QueueIntake intake(sending, queue);
  QueueOutlet outlet(receiving, queue);
  // With a fault, the run waits in vain for its last event.
  const milliseconds stalled_max{fault == Fault::none ? 30'000 : 500};
  auto result =
      run_load({sending, intake}, {receiving, outlet},
               {.rate = rate, .warm_up = milliseconds{10}, .measured = milliseconds{40}, .stalled_max = stalled_max});
  return {std::move(result), outlet.largest_reserve, outlet.stopped_early};
}

TEST(Load, AccountsForEveryEvent) {
  const auto [result, largest_reserve, stopped_early] = run(Fault::none);
  EXPECT_EQ(result.failure, "");
  EXPECT_TRUE(result.account.complete());
  EXPECT_GT(result.account.accepted, victim);
  EXPECT_EQ(result.account.acknowledged, result.account.accepted);
  EXPECT_GT(result.account.events_per_second, 0);
  EXPECT_GE(result.batches * 10, result.account.acknowledged);
  EXPECT_EQ(largest_reserve, 10U);
}

TEST(Load, OnlyTheLastBatchIsNotFull) {
  const LoadResult result = run(Fault::none).result;
  EXPECT_EQ(result.batches, (result.account.acknowledged + 9) / 10);
}

TEST(Load, StopsNoWorkerWhoseRequestIsUnanswered) { EXPECT_FALSE(run(Fault::none).stopped_early); }

TEST(Load, FindsALostEvent) { EXPECT_EQ(run(Fault::loses).result.account.lost, 1U); }

TEST(Load, FindsARepeatedEvent) {
  const Account account = run(Fault::repeats).result.account;
  EXPECT_EQ(account.twice, 1U);
  EXPECT_EQ(account.acknowledged_twice, 1U);
}

TEST(Load, FindsAForgottenAcknowledgement) {
  EXPECT_EQ(run(Fault::forgets_acknowledgement).result.account.unacknowledged, 1U);
}

TEST(Load, EndsWithTheFirstRefusal) { EXPECT_EQ(run(Fault::refuses).result.failure, "refused"); }

TEST(Load, EndsWithAnEventThatWasNeverSent) {
  EXPECT_EQ(run(Fault::invents).result.failure, "received an event that was never sent");
}

TEST(Load, ScheduleBoundsTheRate) {
  const auto begun = std::chrono::steady_clock::now();
  const LoadResult result = run(Fault::none, 1000).result;
  const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - begun;
  EXPECT_TRUE(result.account.complete());
  EXPECT_GT(result.account.sent, 0U);
  EXPECT_LE(static_cast<double>(result.account.sent), lasted.count() * 1000 + 1);
}

}  // namespace
}  // namespace triggers::bench
