#pragma once

// How many users of each class a test should have at each time: all of them, started at a rate as Locust does, or as
// many as the stages of --stages say. In which order the classes take turns is in user_order.h.

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "swarm/load/load_curve.h"
#include "swarm/run/user_order.h"

namespace triggers::swarm {

/// Time is passed in. Not thread-safe.
class UserRamp {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Between two changes along stages.
  static constexpr std::chrono::milliseconds step{100};

  /// As Locust: starts floor(per_second) users together, at least one, and then pauses to keep the rate.
  static UserRamp at_rate(const std::vector<UserOrder::Class>& classes, std::size_t users, double per_second);
  /// The nearest whole number to the curve at each time. When users stop, the newest stop first.
  static UserRamp along(const std::vector<UserOrder::Class>& classes, LoadCurve users);

  void start(Time now);
  /// From now on as at_rate(), from the users that there are up or down to `users`. Not along stages.
  void retarget(std::size_t users, double per_second, Time now);
  /// True if wanted() has changed. Call it when next() has come.
  bool advance(Time now);
  /// Time::max() once nothing changes any more.
  [[nodiscard]] Time next() const noexcept { return next_; }
  /// By class.
  [[nodiscard]] const std::vector<std::size_t>& wanted() const noexcept { return wanted_; }
  /// As given to at_rate() or retarget().
  [[nodiscard]] double per_second() const noexcept { return per_second_; }
  /// The most users at any time; after retarget(), how many there will be.
  [[nodiscard]] std::size_t peak() const noexcept { return peak_; }

 private:
  UserRamp(const std::vector<UserOrder::Class>& classes, std::size_t users);
  void set(std::size_t users);
  [[nodiscard]] bool advance_batch(Time now);
  [[nodiscard]] bool advance_stages(Time now);

  UserOrder order_;
  std::size_t peak_;
  double per_second_ = 1;
  std::optional<LoadCurve> curve_;
  std::vector<std::size_t> wanted_;
  std::vector<std::size_t> started_;  // the class of each user, in the order of their starts
  Time start_{}, next_ = Time::max();
};

}  // namespace triggers::swarm
