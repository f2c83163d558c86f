#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "swarm/load/target.h"
#include "swarm/load/user_class.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

class Journal;

struct LoadOptions {
  std::size_t threads = 1;  ///< Threads that send requests; each has its own users and connections.
  bool no_wait = false;     ///< Users do not wait between tasks.
  /// Open model: the total number of tasks per second, on a schedule. Users run the tasks and do not wait between them.
  /// The latency of a task's first request counts from the time when the task was due. Unset: closed model.
  std::optional<double> rate = {};
  std::string ca_file = {};  ///< PEM; empty: the system's.
  bool verify_tls = true;
  std::chrono::seconds request_timeout{60};  ///< After this time the request fails and its connection is closed.
  Journal* journal = nullptr;                ///< Must outlive the Load. May be null.
};

/// How well an open-model test kept its schedule.
struct Schedule {
  std::uint64_t arrivals = 0;  ///< Tasks that were due.
  std::uint64_t waited_for_user =
      0;  ///< Of these, the tasks for which no user was idle. More users would have begun them on time.
  std::uint64_t behind = 0;               ///< Of these, the tasks that began over 10 ms late although a user was idle.
  std::chrono::nanoseconds behind_max{};  ///< The longest delay of these.
  std::uint64_t unsent = 0;               ///< Due but not begun when the users were stopped.
  std::uint64_t unfinished = 0;           ///< Begun and cut off by that stop. No other figure counts them.
  Histogram lateness;                     ///< Of all tasks that began: from due to begun.
  Histogram unsent_ages;                  ///< Of the unsent tasks: from due to the stop.
};

/// Runs users against a target on its own threads. The owner sets the number of users and collects the statistics. Not
/// thread-safe; any single thread may own it.
class Load {
 public:
  /// `classes` are the user classes of the test; the other functions refer to them by index. Errors: `invalid_argument`
  /// if a class's check fails or the CA file cannot be read, `internal` if the system has no thread or descriptor left.
  static Result<std::unique_ptr<Load>> create(Target target, std::vector<const UserClass*> classes,
                                              LoadOptions options);
  virtual ~Load() = default;

  /// Sets the number of users of each class: starts missing users and stops surplus ones. Does not wait. A stopping
  /// user finishes its task within `stop_timeout`; otherwise its request is cut off (Statistics::cut_off()).
  virtual void set_users(const std::vector<std::size_t>& by_class, std::chrono::nanoseconds stop_timeout) = 0;
  /// Stops all users and waits until they have ended: slightly longer than `stop_timeout` at most.
  virtual void stop(std::chrono::nanoseconds stop_timeout) = 0;

  /// Running users by class, as of a moment ago.
  [[nodiscard]] virtual std::vector<std::size_t> users() const = 0;
  /// True if no user is running or stopping. Nothing is counted until users start again.
  [[nodiscard]] virtual bool idle() const = 0;
  /// Why the service cannot be measured, if the first requests have shown that.
  [[nodiscard]] virtual std::optional<std::string> start_refusal() const = 0;
  /// Returns what was counted since the last call. Costs the load threads almost nothing.
  [[nodiscard]] virtual Statistics collect() = 0;
  /// Counts since the start. All zero in the closed model.
  [[nodiscard]] virtual Schedule schedule() const = 0;
  /// CPU time of all load threads since the start.
  [[nodiscard]] virtual std::chrono::nanoseconds processor_time() const = 0;
  /// CPU time of the busiest load thread since the start.
  [[nodiscard]] virtual std::chrono::nanoseconds busiest_processor_time() const = 0;
  [[nodiscard]] virtual const std::vector<const UserClass*>& classes() const noexcept = 0;
  [[nodiscard]] virtual std::size_t threads() const noexcept = 0;

 protected:
  Load() = default;
};

}  // namespace triggers::swarm
