#include "base/process_start.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "base/descriptor_limit.h"

namespace triggers {
namespace {

TEST(ProcessStartDeathTest, AnExceptionThatNothingCaughtSaysWhatItWas) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        start_process("program");
        std::thread([] { throw std::runtime_error("boom"); }).join();
      },
      "program: ended by an exception that nothing caught, in the thread .*: std::runtime_error: boom");
}

TEST(ProcessStartDeathTest, UnusedSignalsAreIgnoredAndStandardDescriptorsAreOpen) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        ::close(0);
        ::close(1);
        start_process("program");
        for (const int number : {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2}) ::raise(number);
        const int next = ::open("/dev/null", O_RDONLY);
        char byte = 'x';
        const bool fails = ::write(1, &byte, 1) < 0 && ::read(0, &byte, 1) < 0;
        ::_exit(next > 2 && fails ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ProcessStart, CauseIsWhatTheExceptionSays) {
  EXPECT_EQ(cause_of(std::make_exception_ptr(std::runtime_error("boom"))), "boom");
  EXPECT_EQ(cause_of(std::make_exception_ptr(7)), "an exception of an unknown type");
}

TEST(DescriptorLimit, IsRaisedToTheHardOne) {
  const std::size_t limit = raise_descriptor_limit();
  EXPECT_GE(limit, 3U);
  EXPECT_EQ(raise_descriptor_limit(), limit);
}

}  // namespace
}  // namespace triggers
