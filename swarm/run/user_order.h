#pragma once

#include <cstddef>
#include <vector>

namespace triggers::swarm {

/// The order in which users of several classes are started: Locust 2.12's, so that a run has the same mix at every
/// moment. Classes with a fixed count come first, in turns by their counts; then all others for ever, spread by nginx's
/// smooth weighted round robin over the weights, scaled so that the smallest is 2.
class UserOrder {
 public:
  struct Class {
    double weight = 1;            ///< 0 or less: never started, unless `fixed_count` says so.
    std::size_t fixed_count = 0;  ///< 0: by weight.
  };
  /// Positions in `classes` are what next() returns.
  explicit UserOrder(const std::vector<Class>& classes);

  /// The class of the next user. `classes` held one that may be started.
  [[nodiscard]] std::size_t next();
  /// How many users can be started at all: fixed ones only, if no class has a weight.
  [[nodiscard]] bool endless() const noexcept { return !cycle_.empty(); }
  [[nodiscard]] std::size_t fixed_total() const noexcept { return fixed_.size(); }

 private:
  std::vector<std::size_t> fixed_;  // what comes first
  std::vector<std::size_t> cycle_;  // what is repeated
  std::size_t started_ = 0;
};

}  // namespace triggers::swarm
