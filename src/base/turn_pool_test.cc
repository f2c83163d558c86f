#include "base/turn_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "base/test_at_once.h"
#include "base/test_few_threads.h"

namespace triggers {
namespace {

TEST(TurnPoolTest, RunsOnAThreadOfItsOwnAndResumesOnTheCallers) {
  TurnPool pool(1);
  const auto here = std::this_thread::get_id();
  at_once(1, [&](std::size_t) -> Task<void> {
    auto there = pool.run("a", [] { return std::this_thread::get_id(); });
    EXPECT_NE(co_await there, here);
    EXPECT_EQ(std::this_thread::get_id(), here);
  });
}

TEST(TurnPoolTest, HasALowPriority) {
  TurnPool pool(1);
  const auto niceness = [] { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); };
  const int here = niceness();
  constexpr int lowest = 19;
  at_once(1, [&](std::size_t) -> Task<void> {
    auto there = pool.run("a", niceness);
    EXPECT_EQ(co_await there, std::min(here + 10, lowest));
  });
  EXPECT_EQ(niceness(), here);
}

TEST(TurnPoolTest, HoldersTakeTurnsHoweverMuchWorkOneHas) {
  TurnPool pool(1);
  std::vector<std::string> order;
  const std::vector<std::string> holders = {"greedy", "greedy", "greedy", "greedy", "b", "b", "c"};
  at_once(holders.size(), [&](std::size_t i) -> Task<void> {
    auto ran = pool.run(holders[i], [&, i] {
      // The first waits until all others are there.
      while (i == 0 && pool.waiting() + 1 < holders.size()) std::this_thread::yield();
      order.push_back(holders[i]);
      return true;
    });
    co_await ran;
  });
  // Whether the first was taken before or after the others came, greedy has had at most two turns by then.
  const auto place = [&](const std::string& holder) { return std::ranges::find(order, holder) - order.begin(); };
  EXPECT_LE(place("b"), 2);
  EXPECT_LE(place("c"), 3);
  EXPECT_EQ(order.size(), holders.size());
  EXPECT_EQ(pool.waiting(), 0U);
}

TEST(TurnPoolTest, ExceptionGoesToTheCaller) {
  TurnPool pool(2);
  const auto failing = [&](std::size_t) -> Task<void> {
    auto fails = pool.run("a", []() -> int { throw std::runtime_error("thrown"); });
    co_await fails;
  };
  EXPECT_THROW(at_once(1, failing), std::runtime_error);
  at_once(1, [&](std::size_t) -> Task<void> {
    auto works = pool.run("a", [] { return 7; });
    EXPECT_EQ(co_await works, 7);
  });
}

TEST(TurnPoolTest, AThreadThatCannotBeStartedIsAnExceptionAndLeavesNoOther) {
#ifdef TRIGGERS_SANITIZE
  GTEST_SKIP() << "the sanitizer takes all of the address space";
#endif
  const FewThreads few;
  EXPECT_THROW(TurnPool{FewThreads::too_many}, std::system_error);
}

}  // namespace
}  // namespace triggers
