#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "base/stoppable_sleep.h"
#include "base/thread_name.h"

namespace triggers {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The name of a thread that was named by `name`.
template <class Name>
std::string named(Name name) {
  std::array<char, 32> text{};
  std::thread([&] {
    name();
    ::pthread_getname_np(::pthread_self(), text.data(), text.size());
  }).join();
  return text.data();
}

TEST(ThreadName, IsTheRoleAndTheNumberAsTheKernelKeepsThem) {
  EXPECT_EQ(named([] { name_thread("committer"); }), "committer");
  EXPECT_EQ(named([] { name_thread("fifteen-letters"); }), "fifteen-letters");
  EXPECT_EQ(named([] { name_thread("io", 12); }), "io-12");
  EXPECT_EQ(named([] { name_thread("many-threads", 12345); }), "many-threads-12");
}

TEST(ThreadNameDeathTest, ARoleThatTheKernelWouldRefuseIsABug) {
  EXPECT_DEATH(name_thread("sixteen-letters!"), "the name of a thread is too long: sixteen-letters!");
}

TEST(StoppableSleep, LastsItsTimeWithoutAStop) {
  const auto begun = steady_clock::now();
  stoppable_sleep({}, milliseconds{20});
  EXPECT_GE(steady_clock::now() - begun, milliseconds{20});
}

TEST(StoppableSleep, EndsWithAStopBeforeItOrDuringIt) {
  for (int i = 0; i < 200; ++i) {
    std::stop_source stop;
    std::jthread sleeping([&] { stoppable_sleep(stop.get_token(), hours{1}); });
    stop.request_stop();
  }
}

}  // namespace
}  // namespace triggers
