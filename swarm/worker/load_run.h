#pragma once

// One test under a master: users, counts and reports. The load is in load/load_generator.h; the connection to the
// master is in master_link.h.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "swarm/load/load_generator.h"
#include "swarm/worker/locust_messages.h"
#include "swarm/worker/worker_options.h"

namespace triggers::swarm {

/// Changes of user classes that the master has sent, by class name.
using ClassUpdates = std::map<std::string, ClassUpdate>;

/// One test of a worker, from its first spawn to its last user. Not thread-safe.
class LoadRun {
 public:
  /// Prepares the classes that both `spawn` and this program have; starts no user. Errors: those of Target::parse() and
  /// LoadGenerator::create(), and `invalid_argument` without a host, with several hosts, or without a common class.
  static Result<std::unique_ptr<LoadRun>> create(const Spawn& spawn, const WorkerOptions& options,
                                                 const ClassUpdates& updates);
  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;
  ~LoadRun() = default;

  /// Sets the number of users of each class. Does not wait.
  void set_users(const Spawn& spawn);
  /// Stops all users; they have `stop_timeout` to finish their tasks. Does not wait.
  void stop(std::chrono::nanoseconds stop_timeout);

  /// True if the numbers of users are those of set_users().
  [[nodiscard]] bool has_wanted_users() const { return load_->users() == wanted_; }
  /// True if no user is left, so that nothing more will be counted.
  [[nodiscard]] bool drained() const { return load_->idle(); }
  /// Users of every class that the master named; zero for classes that this program does not have.
  [[nodiscard]] ClassCounts users() const;
  /// Classes that the master wants users of and this program does not have.
  [[nodiscard]] const std::vector<std::string>& missing_classes() const noexcept { return missing_; }

  struct Counted {
    Statistics statistics{0};
    EpochSeconds since = 0;
  };
  /// Counts since the last call, or the start.
  [[nodiscard]] Counted collect();
  /// Why the service cannot be measured, if the first requests have shown that.
  [[nodiscard]] std::optional<std::string> start_refusal() const { return load_->start_refusal(); }
  /// CPU use of the load threads since the last call, or the start: 0 to 100, with one decimal.
  [[nodiscard]] double cpu_percent(std::chrono::steady_clock::time_point now);

 private:
  LoadRun(std::unique_ptr<LoadGenerator> load, std::vector<std::unique_ptr<const UserClass>> narrowed);

  std::vector<std::unique_ptr<const UserClass>> narrowed_;  // must outlive the load
  std::unique_ptr<LoadGenerator> load_;
  std::vector<std::size_t> wanted_;
  std::vector<std::string> named_, missing_;
  EpochSeconds since_;
  std::chrono::steady_clock::time_point measured_at_;
  std::chrono::nanoseconds processor_time_{0};
};

}  // namespace triggers::swarm
