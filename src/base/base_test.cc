#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/encoding.h"
#include "base/single_flight.h"
#include "base/test_at_once.h"
#include "base/timestamp.h"
#include "base/uuid7.h"
#include "base/yield.h"

namespace triggers {
namespace {

using namespace std::chrono_literals;

UnixMillis at(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

TEST(Uuid7, IdsIncreaseWhileTheClockStandsOrGoesBack) {
  Uuid7Generator generator;
  Uuid7 last = generator.next(at(1'700'000'000'000));
  for (int i = 0; i < 100'000; ++i) {
    const Uuid7 id = generator.next(at(1'700'000'000'000 - i));
    ASSERT_LT(last, id);
    last = id;
  }
  EXPECT_LE(last.time(), at(1'700'000'000'000) + 1s);
}

TEST(Uuid7, CarriesItsTimeVersionAndVariant) {
  Uuid7Generator generator;
  const Uuid7 id = generator.next(at(1'700'000'000'123));
  EXPECT_EQ(id.time(), at(1'700'000'000'123));
  EXPECT_EQ(id.text()[14], '7');
  EXPECT_EQ(Uuid7::parse(id.text()), id);
}

TEST(Uuid7, ContinuesAfterAnEarlierProcess) {
  Uuid7Generator first;
  const Uuid7 last = first.next(at(1'800'000'000'000));
  Uuid7Generator second(last);
  EXPECT_LT(last, second.next(at(1'700'000'000'000)));
}

TEST(Uuid7, ParseTakesOnlyVersionSevenInItsFullForm) {
  EXPECT_TRUE(Uuid7::parse("0189F7E0-7B2C-7DEF-8123-456789ABCDEF"));
  for (const auto* text : {"", "0189f7e0-7b2c-4def-8123-456789abcdef", "0189f7e0-7b2c-7def-c123-456789abcdef",
                           "0189f7e07b2c7def8123456789abcdef", "0189f7e0-7b2c-7def-8123-456789abcdeg",
                           "{189f7e0-7b2c-7def-8123-456789abcdef}", "0189f7e0-7b2c-7def-8123-456789abcdef0"}) {
    EXPECT_FALSE(Uuid7::parse(text)) << text;
  }
}

TEST(Timestamp, RoundTripsWithMilliseconds) {
  for (const std::int64_t ms : {0LL, 951'782'399'999LL, 1'700'000'000'001LL, 253'402'300'799'999LL}) {
    EXPECT_EQ(parse_timestamp(format_timestamp(at(ms))), at(ms));
  }
  EXPECT_EQ(format_timestamp(at(951'782'399'999)), "2000-02-28T23:59:59.999Z");
}

TEST(Timestamp, ParseTakesOffsetsAndFractions) {
  EXPECT_EQ(parse_timestamp("2026-01-01T01:00:00+01:00"), parse_timestamp("2026-01-01T00:00:00Z"));
  EXPECT_EQ(parse_timestamp("2026-01-01t00:00:00.1239z"), parse_timestamp("2026-01-01T00:00:00.123Z"));
  for (const auto* text : {"", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01",
                           "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z ", "2026-1-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

TEST(Encoding, Base64RoundTripsAndRefusesWhatItDidNotMake) {
  EXPECT_EQ(to_base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    bytes.push_back(static_cast<char>(i));
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
  EXPECT_EQ(from_base64(""), "");
  for (const auto* text :
       {"A", "AA", "AAA", "AA=A", "A===", "====", "=", "AB==", "AAB=", "A A=", "AA-_", "AAAAA", "AA==AAAA"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Encoding, Base64UrlRoundTripsAndRefusesWhatItDidNotMake) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string bytes(size, static_cast<char>(0xfb - size));
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
  }
  for (const auto* text : {"A", "AB", "AAA=", "A A", "AA+/", "AAAAA"}) EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(Encoding, HexRoundTrips) {
  EXPECT_EQ(to_hex("\x01\xfe"), "01fe");
  EXPECT_EQ(from_hex("01FE"), "\x01\xfe");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

Task<int> answer() { co_return 42; }
Task<int> fails() {
  throw std::runtime_error("no");
  co_return 0;
}
Task<int> deep(int levels) {
  if (levels == 0) co_return 0;
  co_return 1 + co_await deep(levels - 1);
}

TEST(Task, ReturnsItsValueAndThrowsItsException) {
  EXPECT_EQ(sync_wait(answer()), 42);
  EXPECT_THROW(sync_wait(fails()), std::runtime_error);
}

TEST(Task, AwaitingManyReadyTasksDoesNotGrowTheStack) {
  const auto many = []() -> Task<long> {
    long sum = 0;
    for (int i = 0; i < 200'000; ++i) sum += co_await answer();
    co_return sum;
  };
  EXPECT_EQ(sync_wait(many()), 42L * 200'000);
  EXPECT_EQ(sync_wait(deep(1000)), 1000);
}

class SingleFlightTest : public testing::Test {
 protected:
  /// So many want it at once, where `work` is what each would do.
  template <class Work>
  std::vector<std::optional<Status>> fly(std::size_t count, Work work) {
    std::vector<std::optional<Status>> outcomes(count);
    at_once(count, [&](std::size_t i) -> Task<void> { outcomes[i] = co_await flight.fly(work); });
    return outcomes;
  }

  SingleFlight flight;
  int worked = 0;
};

TEST_F(SingleFlightTest, OneWorksForAllWhoComeMeanwhile) {
  const auto work = [this]() -> Task<Status> {
    ++worked;
    co_await yield();
    co_return Done{};
  };
  for (const auto& outcome : fly(20, work)) EXPECT_TRUE(outcome && *outcome);
  EXPECT_EQ(worked, 1);
  fly(1, work);
  EXPECT_EQ(worked, 2);
}

TEST_F(SingleFlightTest, AllWhoWaitedLearnTheFailure) {
  const auto work = [this]() -> Task<Status> {
    ++worked;
    co_await yield();
    co_return Error{ErrorCode::unavailable, "nobody there"};
  };
  for (const auto& outcome : fly(20, work)) EXPECT_EQ((*outcome).error().message, "nobody there");
  EXPECT_EQ(worked, 1);
}

TEST_F(SingleFlightTest, ExceptionIsTheLeadersAndTheOthersAreNotLeftWaiting) {
  const auto work = [this]() -> Task<Status> {
    ++worked;
    co_await yield();
    throw std::runtime_error("no");
  };
  EXPECT_THROW(fly(20, work), std::runtime_error);
  EXPECT_EQ(worked, 1);
}

/// Runs what is ready when it is told to; may be out of memory once.
class ShortExecutor final : public Executor {
 public:
  void resume(std::span<const std::coroutine_handle<>> handles) override {
    if (std::exchange(out_of_memory, false)) throw std::bad_alloc();
    ready.insert(ready.end(), handles.begin(), handles.end());
  }
  void run_ready() {
    for (const auto handle : std::exchange(ready, {})) handle.resume();
  }
  bool out_of_memory = false;
  std::vector<std::coroutine_handle<>> ready;

 private:
  const Scope scope_{*this};
};

TEST_F(SingleFlightTest, WithoutMemoryForAMomentAllGoOn) {
  ShortExecutor executor;
  int ended = 0;
  const auto work = []() -> Task<Status> {
    co_await yield();
    co_return Done{};
  };
  const auto want = [&]() -> RootTask {
    if (co_await flight.fly(work)) ++ended;
  };
  for (int i = 0; i < 3; ++i) want();
  executor.out_of_memory = true;
  executor.run_ready();
  EXPECT_EQ(ended, 1);
  executor.run_ready();
  EXPECT_EQ(ended, 3);
}

TEST_F(SingleFlightTest, ThreadsThatRaceAllGoOn) {
  std::atomic<int> works = 0, good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const auto work = [&]() -> Task<Status> {
          ++works;
          co_await yield();
          co_return Done{};
        };
        good += sync_wait(flight.fly(work)) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 20'000);
  EXPECT_LE(works, 20'000);
}

}  // namespace
}  // namespace triggers
