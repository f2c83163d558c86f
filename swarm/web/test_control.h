#pragma once

// What the page and its API see of a test, and what they may do to it. run/page_run.h implements it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "swarm/load/user_class.h"
#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// Locust's states of a runner.
enum class TestState : std::uint8_t { ready, spawning, running, stopping, stopped };

/// `ready`, `spawning`, `running`, `stopping`, `stopped`: as in Locust's answers.
[[nodiscard]] constexpr std::string_view state_name(TestState state) noexcept {
  switch (state) {
    case TestState::ready: return "ready";
    case TestState::spawning: return "spawning";
    case TestState::running: return "running";
    case TestState::stopping: return "stopping";
    case TestState::stopped: return "stopped";
  }
  return {};
}

/// Where a test stands. Views: valid until the owner's thread continues.
struct TestView {
  TestState state = TestState::ready;
  std::size_t users = 0;              ///< Running now.
  std::uint64_t test = 0;             ///< Its number among the tests of this program; 0 before the first.
  std::uint64_t version = 0;          ///< Of this test: another one if any figure but `users` may be another.
  const RunReport* report = nullptr;  ///< Of this second. Null before the first test.
};

/// What a test would run with: the options, and what the last start changed.
struct TestSettings {
  std::string host;
  std::optional<std::size_t> users;
  std::optional<double> spawn_rate;
  std::chrono::seconds run_time{0};       ///< 0: no limit.
  std::vector<const UserClass*> classes;  ///< That may be chosen.
  std::vector<const UserClass*> chosen;   ///< That a test runs.
  bool load_is_fixed = false;             ///< Stages or a rate say how much load there is, not the users.
  bool picks_classes = false;
  bool can_start = true;  ///< False: the command line has started the only test.
};

/// A request to start a test, or to change the one that runs. What is not given stays as it is.
struct LoadRequest {
  std::optional<std::size_t> users;
  std::optional<double> spawn_rate;
  std::optional<std::string> host;
  std::optional<std::chrono::seconds> run_time;
  std::vector<std::string> user_classes;
};

/// Only on the owner's thread.
class TestControl {
 public:
  [[nodiscard]] virtual TestView view() const = 0;
  [[nodiscard]] virtual TestSettings settings() const = 0;
  /// Starts a test, or changes the users of the one that runs. Errors, for the person at the page: `invalid_argument`,
  /// or `conflict` if the state does not allow it.
  virtual Status start_or_change(const LoadRequest& request) = 0;
  /// Does nothing if no test runs.
  virtual void stop() = 0;
  /// Counts from zero again.
  virtual void reset() = 0;
  /// The newest lines of the log, oldest first.
  [[nodiscard]] virtual std::vector<std::string> log_lines() const = 0;

 protected:
  ~TestControl() = default;
};

}  // namespace triggers::swarm
