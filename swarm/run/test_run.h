#pragma once

// One test in this process, from its first user to its last figure. What starts it is in local_run.h and page_run.h;
// the load itself is in load/load_generator.h, results and conditions are in outputs.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "swarm/load/load_generator.h"
#include "swarm/report/run_report.h"
#include "swarm/run/console.h"
#include "swarm/run/main_wait.h"
#include "swarm/run/options.h"
#include "swarm/run/outputs.h"
#include "swarm/run/saturation_watch.h"
#include "swarm/run/user_ramp.h"

namespace triggers::swarm {

class Journal;

/// One test. Its owner's thread starts the users, collects statistics once a second, and reports. The functions below
/// run() may be called while it waits (MainWait::serve_with()), and after it.
class TestRun {
 public:
  enum class Phase : std::uint8_t { ready, spawning, running, stopping, stopped };

  /// What is given by reference must outlive this. `journal` may be null.
  TestRun(const Options& options, Console& console, MainWait& wait, std::unique_ptr<LoadGenerator> load,
          std::unique_ptr<Outputs> outputs, std::string host, Journal* journal);

  /// Returns the exit status; see run_local(). Call it once.
  int run();

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  /// Of the last second; null before the first one.
  [[nodiscard]] const RunReport* latest() const noexcept { return latest_ ? &*latest_ : nullptr; }
  /// Running now.
  [[nodiscard]] std::size_t users() const;
  /// Another one if latest() or phase() may be another.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
  /// Stages or a rate say how much load there is.
  [[nodiscard]] bool load_is_fixed() const noexcept { return options_.stages || options_.rate; }
  /// Ends the test soon.
  void stop() noexcept { stop_requested_ = true; }
  /// Starts or stops users at this rate until there are so many. Not if load_is_fixed().
  void change_users(std::size_t users, double per_second);
  /// Counts from zero again. Nothing happens in a warm-up, whose figures do not count.
  void reset_statistics();
  /// A signal, or a console that nobody reads, has ended the test.
  [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }
  /// Ends the threads of the load. After run().
  void release_load();

 private:
  using MonotonicTime = std::chrono::steady_clock::time_point;

  void announce();
  /// Open model: starts the users and their connections before the clock of the schedule, so that no latency includes
  /// that. False if the test must end.
  bool prepare();
  void start_clock();
  void begin_counting();
  /// When the test ends by itself; MonotonicTime::max() if nothing says so.
  [[nodiscard]] MonotonicTime end_time() const;
  [[nodiscard]] bool over(MonotonicTime now) const;
  [[nodiscard]] std::string why_over() const;
  [[nodiscard]] MonotonicTime next_event() const;
  /// True if the test must end because a person or a signal wants it, or nobody reads the console.
  bool must_stop(MonotonicTime wait_until);
  /// True if the test must end because the service cannot be measured. Logs the reason once.
  bool refused();
  /// Users that a ramp stops may finish their task.
  void follow_ramp(MonotonicTime now);
  void all_spawned();
  void second_passed(MonotonicTime now);
  void collect(MonotonicTime now, const std::vector<std::size_t>& users);
  /// At once, because the rest of a long test is then not in the journal.
  void tell_of_journal();
  [[nodiscard]] JournalState journal_state() const;
  int end();
  /// A second signal ends the users at once.
  void stop_users();
  [[nodiscard]] RunReport report() const;
  void publish(RunReport report);
  void enter(Phase phase) noexcept;

  const Options& options_;
  Console& console_;
  MainWait& wait_;
  std::unique_ptr<LoadGenerator> load_;  // null after release_load()
  std::unique_ptr<Outputs> outputs_;
  std::string host_;
  Journal* journal_;  // may be null
  UserRamp ramp_;
  MonotonicTime started_{}, count_from_{}, next_second_{}, last_second_{};
  bool counting_ = false;
  std::chrono::nanoseconds preparation_{};
  EpochSeconds started_at_ = 0, last_at_ = 0;
  std::chrono::nanoseconds processor_before_{};
  Statistics statistics_;
  History history_;
  SaturationWatch busy_, waiting_;
  std::uint64_t page_faults_before_ = 0;
  bool told_of_journal_ = false;
  std::optional<std::string> refusal_;
  std::optional<RunReport> latest_;
  Phase phase_ = Phase::ready;
  std::uint64_t version_ = 0;
  bool stop_requested_ = false, interrupted_ = false;
};

}  // namespace triggers::swarm
