#pragma once

// A running load: users on several threads, started and stopped by its owner; what they counted, how the schedule was
// kept, CPU time, and why the service cannot be measured. One of its threads is in load_thread.h. When to start how
// many users is decided by the owner: run/local_run.h or worker/load_run.h.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "swarm/load/load_options.h"
#include "swarm/load/own_shortages.h"
#include "swarm/load/schedule.h"
#include "swarm/load/target.h"
#include "swarm/load/user_class.h"
#include "swarm/stats/statistics.h"
#include "swarm/stats/uncounted.h"

namespace triggers::swarm {

/// Runs users against a target on its own threads. The owner sets the number of users and collects the statistics. Not
/// thread-safe; any single thread may own it.
class LoadGenerator {
 public:
  /// `classes` are the user classes of the test; the other functions refer to them by index. Errors: `invalid_argument`
  /// if a class's check fails or the CA file cannot be read, `internal` if the system has no thread or descriptor left.
  static Result<std::unique_ptr<LoadGenerator>> create(Target target, std::vector<const UserClass*> classes,
                                                       LoadOptions options);
  virtual ~LoadGenerator() = default;

  /// Sets the number of users of each class: starts missing users and stops surplus ones. Does not wait. In the open
  /// model, users connect when they start, at most 100 at the same time; their tasks wait for start_schedule(). A
  /// stopping user finishes its task within `stop_timeout`; otherwise its request is cut off (Statistics::cut_off()).
  virtual void set_users(const std::vector<std::size_t>& by_class, std::chrono::nanoseconds stop_timeout) = 0;
  /// Open model: the first task is due at `start`, which is in the future. Call it once, when no user is starting().
  virtual void start_schedule(std::chrono::steady_clock::time_point start) = 0;
  /// Counts only what is sent, or due, at `from` or later. Call it before then. Without a call, everything is counted.
  virtual void count_from(std::chrono::steady_clock::time_point from) = 0;
  /// Stops all users and waits until they have ended: slightly longer than `stop_timeout` at most.
  virtual void stop(std::chrono::nanoseconds stop_timeout) = 0;

  /// Running users by class, as of a moment ago.
  [[nodiscard]] virtual std::vector<std::size_t> users() const = 0;
  /// True if users of the last set_users() have not started yet; in the open model, if they have not tried to connect.
  [[nodiscard]] virtual bool starting() const = 0;
  /// True if no user is running or stopping. Nothing is counted until users start again.
  [[nodiscard]] virtual bool idle() const = 0;
  /// Why the service cannot be measured, if the first requests have shown that.
  [[nodiscard]] virtual std::optional<std::string> start_refusal() const = 0;
  /// Returns what was counted since the last call. Costs the load threads almost nothing.
  [[nodiscard]] virtual Statistics collect() = 0;
  /// What count_from() left out, since the start.
  [[nodiscard]] virtual Uncounted uncounted() const = 0;
  /// Counts since the start. All zero in the closed model.
  [[nodiscard]] virtual Schedule schedule() const = 0;
  /// CPU time of all load threads since the start.
  [[nodiscard]] virtual std::chrono::nanoseconds processor_time() const = 0;
  /// For how long the load thread that waited longest for a processor has waited since the start.
  [[nodiscard]] virtual std::chrono::nanoseconds longest_processor_wait() const = 0;
  /// What this machine lacked, since the start.
  [[nodiscard]] virtual Shortages shortages() const = 0;
  /// True once all tasks of LoadOptions::iterations have ended.
  [[nodiscard]] virtual bool tasks_used_up() const = 0;
  /// CPU time of the busiest load thread since the start.
  [[nodiscard]] virtual std::chrono::nanoseconds busiest_processor_time() const = 0;
  [[nodiscard]] virtual const std::vector<const UserClass*>& classes() const noexcept = 0;
  [[nodiscard]] virtual std::size_t threads() const noexcept = 0;

 protected:
  LoadGenerator() = default;
};

}  // namespace triggers::swarm
