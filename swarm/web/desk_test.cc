#include "swarm/web/desk.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/sync_wait.h"

namespace triggers::swarm {
namespace {

/// A test that does nothing.
class IdleControl final : public TestControl {
 public:
  [[nodiscard]] TestView view() const override { return {}; }
  [[nodiscard]] TestSettings settings() const override { return {}; }
  Status start_or_change(const LoadRequest&) override { return Done{}; }
  void stop() override { ++stops; }
  void reset() override {}
  [[nodiscard]] std::vector<std::string> log_lines() const override { return {}; }
  int stops = 0;
};

http::Response stop(TestControl& control) {
  control.stop();
  http::Response response;
  response.status = 202;
  return response;
}

/// Asks on a thread of its own.
class Asking {
 public:
  Asking(Desk& desk, Desk::Work work)
      : thread_([this, &desk, work = std::move(work)] { answer = sync_wait(desk.ask(work)); }) {}
  void join() { thread_.join(); }
  std::optional<http::Response> answer;

 private:
  std::thread thread_;
};

TEST(Desk, TheOwnerDoesTheWorkAndTheAskerGetsItsResponse) {
  std::atomic<int> woken = 0;
  Desk desk([&woken] { ++woken; });
  IdleControl control;
  Asking asking(desk, stop);
  while (woken == 0) std::this_thread::yield();
  EXPECT_EQ(control.stops, 0);
  desk.serve(control);
  asking.join();
  EXPECT_EQ(control.stops, 1);
  ASSERT_TRUE(asking.answer);
  EXPECT_EQ(asking.answer->status, 202U);
}

TEST(Desk, AnExceptionOfTheWorkIsAnEmptyAnswer) {
  std::atomic<int> woken = 0;
  Desk desk([&woken] { ++woken; });
  IdleControl control;
  Asking asking(desk, [](TestControl&) -> http::Response { throw std::runtime_error("no memory"); });
  while (woken == 0) std::this_thread::yield();
  desk.serve(control);
  asking.join();
  EXPECT_FALSE(asking.answer);
}

TEST(Desk, HasRoomForSoManyAndNoMore) {
  std::atomic<std::size_t> woken = 0;
  Desk desk([&woken] { ++woken; });
  IdleControl control;
  std::vector<std::unique_ptr<Asking>> waiting;
  for (std::size_t i = 0; i < Desk::waiting_max; ++i) waiting.push_back(std::make_unique<Asking>(desk, stop));
  while (woken < Desk::waiting_max) std::this_thread::yield();
  EXPECT_FALSE(sync_wait(desk.ask(stop)));
  desk.serve(control);
  for (const auto& one : waiting) one->join();
  EXPECT_EQ(control.stops, static_cast<int>(Desk::waiting_max));
}

TEST(Desk, AtItsEndThoseWhoWaitGetEmptyAnswersAndNothingIsTaken) {
  std::atomic<int> woken = 0;
  Desk desk([&woken] { ++woken; });
  Asking asking(desk, stop);
  while (woken == 0) std::this_thread::yield();
  desk.close();
  asking.join();
  EXPECT_FALSE(asking.answer);
  EXPECT_FALSE(sync_wait(desk.ask(stop)));
}

}  // namespace
}  // namespace triggers::swarm
