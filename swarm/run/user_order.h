#pragma once

// In which order the users of several classes start, as in Locust. Starting them is in load/load_generator.h.

#include <cstddef>
#include <vector>

namespace triggers::swarm {

/// The order in which users of several classes start: Locust 2.12's, so that a run has the same mix at every moment.
/// Classes with a fixed count come first, in turns by their counts. The others follow without end, by nginx's smooth
/// weighted round robin over the weights, scaled so that the smallest is 2.
class UserOrder {
 public:
  struct Class {
    double weight = 1;            ///< 0 or less: no users, unless `fixed_count` is set.
    std::size_t fixed_count = 0;  ///< 0: by weight.
  };
  /// next() returns indices of `classes`.
  explicit UserOrder(const std::vector<Class>& classes);

  /// The class of the next user. At least one of `classes` must allow a user.
  [[nodiscard]] std::size_t next();
  /// Undoes the last next(): the user has stopped.
  void take_back() { --started_; }
  /// The number of users with fixed counts. It is the maximum if no class has a weight.
  [[nodiscard]] bool endless() const noexcept { return !cycle_.empty(); }
  [[nodiscard]] std::size_t fixed_total() const noexcept { return fixed_.size(); }

 private:
  std::vector<std::size_t> fixed_;  // the order of the fixed users
  std::vector<std::size_t> cycle_;  // the repeated order of the others
  std::size_t started_ = 0;
};

}  // namespace triggers::swarm
