#include "base/thread_name.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <string>
#include <thread>

namespace triggers {
namespace {

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

TEST(ThreadName, IsTheRoleAndTheNumberCutToTheKernelsLength) {
  EXPECT_EQ(named([] { name_thread("committer"); }), "committer");
  EXPECT_EQ(named([] { name_thread("fifteen-letters"); }), "fifteen-letters");
  EXPECT_EQ(named([] { name_thread("io", 12); }), "io-12");
  EXPECT_EQ(named([] { name_thread("many-threads", 12345); }), "many-threads-12");
}

TEST(ThreadNameDeathTest, ARoleThatTheKernelWouldRefuseIsABug) {
  EXPECT_DEATH(name_thread("sixteen-letters!"), "the name of a thread is too long: sixteen-letters!");
}

}  // namespace
}  // namespace triggers
