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
  std::size_t threads = 1;  ///< Threads that send; each has its own users and connections.
  bool no_wait = false;     ///< Users do not wait between tasks.
  /// Open model: so many tasks a second in all, on a schedule; the users only carry them out, and do not wait. A task's
  /// first request is measured from the time at which it should have been sent. Nothing: closed model.
  std::optional<double> rate = {};
  std::string ca_file = {};  ///< PEM; empty: the system's.
  bool verify_tls = true;
  std::chrono::seconds request_timeout{60};  ///< Then the request has failed and its connection is closed.
  Journal* journal = nullptr;                ///< Outlives the Load; may be null.
};

/// How well an open model kept its schedule.
struct Schedule {
  std::uint64_t arrivals = 0;         ///< Tasks that were due.
  std::uint64_t waited_for_user = 0;  ///< Of these: no user was free. More users would have sent them in time.
  std::uint64_t behind = 0;  ///< Of these: a user was free, and the generator was over 10 ms late all the same.
  std::chrono::nanoseconds behind_max{};  ///< Of these: the latest.
  std::uint64_t unsent = 0;               ///< Due, and not begun when the users were stopped.
  std::uint64_t unfinished = 0;           ///< Begun, and ended by that stop: they count nowhere else.
  Histogram lateness;                     ///< Of all that were sent, from due to sent.
  Histogram unsent_ages;                  ///< Of the unsent, from due to the stop.
};

/// The threads that run users against a target. Users send, record, wait; the owner says how many there are and
/// collects what was counted. Not for two threads at once, but any one.
class Load {
 public:
  /// `classes` are those that may run; positions in it are what the other functions count by. Errors:
  /// `invalid_argument` if a class's check fails or the CA file cannot be read, `internal` if the machine gives no
  /// thread or descriptor.
  static Result<std::unique_ptr<Load>> create(Target target, std::vector<const UserClass*> classes,
                                              LoadOptions options);
  virtual ~Load() = default;

  /// So many users of each class from now on: starts what is missing, stops what is too many. Does not wait. A user
  /// that stops finishes its task first if `stop_timeout` allows, else it ends in the middle of its request, which is
  /// then Statistics::cut_off().
  virtual void set_users(const std::vector<std::size_t>& by_class, std::chrono::nanoseconds stop_timeout) = 0;
  /// set_users(none), and waits until every user has ended: `stop_timeout` at most, and a moment.
  virtual void stop(std::chrono::nanoseconds stop_timeout) = 0;

  /// Users that run, by class, as of a moment ago.
  [[nodiscard]] virtual std::vector<std::size_t> users() const = 0;
  /// No user is left, nor one that is being stopped: nothing more will be counted until there are users again.
  [[nodiscard]] virtual bool idle() const = 0;
  /// Why the service cannot be measured, if its first answers, or none, said so.
  [[nodiscard]] virtual std::optional<std::string> start_refusal() const = 0;
  /// What has been counted since the last call. Costs the load threads next to nothing.
  [[nodiscard]] virtual Statistics collect() = 0;
  /// Since the start. All zero in the closed model.
  [[nodiscard]] virtual Schedule schedule() const = 0;
  /// Processor time of all load threads since the start.
  [[nodiscard]] virtual std::chrono::nanoseconds processor_time() const = 0;
  /// Of the one that has used most.
  [[nodiscard]] virtual std::chrono::nanoseconds busiest_processor_time() const = 0;
  [[nodiscard]] virtual const std::vector<const UserClass*>& classes() const noexcept = 0;
  [[nodiscard]] virtual std::size_t threads() const noexcept = 0;

 protected:
  Load() = default;
};

}  // namespace triggers::swarm
