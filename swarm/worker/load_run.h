#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "swarm/load/load.h"
#include "swarm/worker/locust_messages.h"
#include "swarm/worker/worker.h"

namespace triggers::swarm {

/// What masters have changed of classes, by name.
using ClassUpdates = std::map<std::string, ClassUpdate>;

/// One test of a worker, from its first spawn to its last user: the load, by class name. For one thread.
class LoadRun {
 public:
  /// For the classes that `spawn` names and this program has, with no user yet. Errors: those of Target::parse() and
  /// Load::create(), and `invalid_argument` if there is no host, more than one, or none of the classes.
  static Result<std::unique_ptr<LoadRun>> create(const Spawn& spawn, const WorkerOptions& options,
                                                 const ClassUpdates& updates);
  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;
  ~LoadRun() = default;

  /// So many users of each class from now on. Does not wait.
  void set_users(const Spawn& spawn);
  /// None, and those that there are have this long to finish their task. Does not wait.
  void stop(std::chrono::nanoseconds stop_timeout);

  /// The users are those that set_users() asked for.
  [[nodiscard]] bool has_wanted_users() const { return load_->users() == wanted_; }
  /// No user is left; nothing will be counted any more.
  [[nodiscard]] bool drained() const { return load_->idle(); }
  /// Of every class that the master knows: also of those that are not ours, which have none.
  [[nodiscard]] ClassCounts users() const;
  /// Classes with users of which this program has none.
  [[nodiscard]] const std::vector<std::string>& missing_classes() const noexcept { return missing_; }

  struct Counted {
    Statistics statistics{0};
    EpochSeconds since = 0;
  };
  /// Since the last call, or the beginning.
  [[nodiscard]] Counted collect();
  /// Why the service cannot be measured, if its first answers said so.
  [[nodiscard]] std::optional<std::string> start_refusal() const { return load_->start_refusal(); }
  /// Of what the load threads could use since the last call, or the beginning: 0 to 100, to a tenth.
  [[nodiscard]] double cpu_percent(std::chrono::steady_clock::time_point now);

 private:
  LoadRun(std::unique_ptr<Load> load, std::vector<std::unique_ptr<const UserClass>> narrowed);

  std::vector<std::unique_ptr<const UserClass>> narrowed_;  // outlive the load
  std::unique_ptr<Load> load_;
  std::vector<std::size_t> wanted_;
  std::vector<std::string> named_, missing_;
  EpochSeconds since_;
  std::chrono::steady_clock::time_point measured_at_;
  std::chrono::nanoseconds processor_time_{0};
};

}  // namespace triggers::swarm
