// The log with its own thread (log::Background): order, and readers that stop reading. Lines themselves are in
// log_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/invariant.h"
#include "log/log.h"
#include "log/test_pipe.h"

namespace triggers::log {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

/// Standard error is this pipe, for a scope.
class StandardErrorInto {
 public:
  explicit StandardErrorInto(const TestPipe& pipe) : before_(dup(2)) { EXPECT_EQ(dup2(pipe.writer(), 2), 2); }
  StandardErrorInto(const StandardErrorInto&) = delete;
  StandardErrorInto& operator=(const StandardErrorInto&) = delete;
  ~StandardErrorInto() {
    dup2(before_, 2);
    close(before_);
  }

 private:
  int before_;
};

/// More lines than a pipe and the queue have room for; how many.
std::uint64_t flood() {
  constexpr std::uint64_t lines = 10'000;
  for (std::uint64_t line = 0; line < lines; ++line)
    error("test_event", {{"n", line}, {"text", std::string(200, 'x')}});
  return lines;
}

std::uint64_t lines_of(const std::string& text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(LogBackground, LinesOfEveryThreadArriveInTheOrderOfTheThread) {
  TestPipe pipe;
  std::string seen;
  {
    const StandardErrorInto redirected(pipe);
    const Background background;
    std::thread reader([&] { seen = pipe.read_until("the end\n"); });
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        for (int n = 0; n < 100; ++n) info("test_event", {{"thread", t}, {"n", n}});
      });
    }
    for (auto& thread : threads) thread.join();
    say("the end");
    reader.join();
  }
  EXPECT_EQ(lines_of(seen), 401U);
  const auto at = [&](int n) { return seen.find("\"thread\":2,\"n\":" + std::to_string(n) + "}"); };
  for (int n = 1; n < 100; ++n) EXPECT_LT(at(n - 1), at(n));
}

/// The numbers of lines that `text` tells as dropped, in order.
std::vector<std::uint64_t> told_in(const std::string& text) {
  constexpr std::string_view before = R"("event":"log_lines_dropped","lines":)";
  std::vector<std::uint64_t> told;
  for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
    told.push_back(std::stoull(text.substr(at + before.size())));
  }
  return told;
}

TEST(LogBackground, StuckReaderLosesLinesAndTheLossIsLogged) {
  TestPipe pipe;
  const auto dropped_before = dropped();
  std::string seen;
  {
    const StandardErrorInto redirected(pipe);
    // With room in the pipe, the writer would resume during the flood, and lines would be dropped in two parts.
    const auto filled = pipe.fill();
    const Background background;
    const auto sent = flood();  // Returns although nobody reads.
    EXPECT_FALSE(flush(0ms));
    const auto lost = dropped() - dropped_before;
    EXPECT_GT(lost, 0U);
    seen = pipe.read_until("in time\"}\n").substr(filled);
    EXPECT_THAT(told_in(seen), ElementsAre(lost));
    EXPECT_EQ(lines_of(seen) - 1 + lost, sent);
    std::thread goes_on([&] { seen = pipe.read_until("goes on\n"); });
    say("goes on");
    goes_on.join();
  }
  EXPECT_EQ(seen, "goes on\n");
}

TEST(LogBackground, EachLossOfLinesIsLoggedOnce) {
  constexpr int times = 3;
  TestPipe pipe;
  const auto dropped_before = dropped();
  std::string seen;
  std::uint64_t sent = 0, lost = 0;
  {
    const StandardErrorInto redirected(pipe);
    const Background background;
    for (int time = 0; time < times; ++time) {
      sent += flood();
      lost = dropped() - dropped_before;
      // Each of these makes room for some lines of the next flood only.
      seen += pipe.read_until("\n");
    }
    std::thread reader([&] { seen += pipe.read_until("the end\n"); });
    EXPECT_TRUE(flush(60s));
    say("the end");
    reader.join();
  }
  const auto told = told_in(seen);
  EXPECT_GE(lost, 1U);
  EXPECT_EQ(std::accumulate(told.begin(), told.end(), std::uint64_t{0}), lost);
  EXPECT_EQ(lines_of(seen) - told.size() - 1 + lost, sent);
}

TEST(LogBackground, LinesThatItsEndDropsAreCounted) {
  TestPipe pipe;
  const StandardErrorInto redirected(pipe);
  pipe.fill();
  const auto dropped_before = dropped();
  std::uint64_t sent = 0;
  {
    const Background background;
    sent = flood();
  }
  EXPECT_EQ(dropped() - dropped_before, sent);
}

TEST(LogBackground, EndsAlthoughNobodyReads) {
  TestPipe pipe;
  const StandardErrorInto redirected(pipe);
  const auto before = std::chrono::steady_clock::now();
  {
    const Background background;
    flood();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, 30s) << "the rest was to be dropped at once";
}

TEST(LogBackground, WithoutBackgroundAStuckReaderDelaysTheCallerOnce) {
  TestPipe pipe;
  std::string seen;
  const StandardErrorInto redirected(pipe);
  const auto dropped_before = dropped();
  const auto before = std::chrono::steady_clock::now();
  flood();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 30s);
  EXPECT_GT(dropped(), dropped_before);
  std::thread reader([&] { seen = pipe.read_until("read again\n"); });
  std::uint64_t lost = 0;
  do {  // Until the reader has made room.
    lost = dropped();
    say("read again");
  } while (dropped() > lost);
  reader.join();
  EXPECT_TRUE(seen.ends_with("read again\n"));
}

TEST(LogBackground, ItsThreadTakesNoSignals) {
  // A signal for the process that this thread blocks is delivered to another thread, and if all block it, to none.
  sigset_t usr1, before, pending;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  const Background background;
  pthread_sigmask(SIG_BLOCK, &usr1, &before);
  kill(getpid(), SIGUSR1);
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGUSR1), 1);
  const timespec at_once{};
  EXPECT_EQ(sigtimedwait(&usr1, nullptr, &at_once), SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(LogBackgroundDeathTest, BrokenInvariantWritesWhatWaitsAndItsOwnLine) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const Background background;
        for (int n = 0; n < 100; ++n) info("before_the_end", {{"n", n}});
        INVARIANT(1 == 2);
      },
      testing::KilledBySignal(SIGABRT), "(invariant failed: 1 == 2.*n\":99)|(n\":99.*invariant failed: 1 == 2)");
}

TEST(LogBackgroundDeathTest, BrokenInvariantEndsTheProcessAlthoughNobodyReads) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        TestPipe pipe;
        dup2(pipe.writer(), 2);
        const Background background;
        flood();
        INVARIANT(1 == 2);
      },
      testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace triggers::log
