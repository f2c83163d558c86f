#include "swarm/run/user_ramp.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/invariant.h"

namespace triggers::swarm {

UserRamp::UserRamp(const std::vector<UserOrder::Class>& classes, std::size_t users)
    : order_(classes),
      peak_(order_.endless() ? users : std::min(users, order_.fixed_total())),
      wanted_(classes.size(), 0) {}

UserRamp UserRamp::at_rate(const std::vector<UserOrder::Class>& classes, std::size_t users, double per_second) {
  UserRamp ramp(classes, users);
  ramp.per_second_ = per_second;
  return ramp;
}

UserRamp UserRamp::along(const std::vector<UserOrder::Class>& classes, LoadCurve users) {
  UserRamp ramp(classes, static_cast<std::size_t>(std::llround(users.highest())));
  ramp.curve_ = std::move(users);
  return ramp;
}

void UserRamp::start(Time now) { start_ = next_ = now; }

void UserRamp::retarget(std::size_t users, double per_second, Time now) {
  INVARIANT(!curve_, "stages are given %zu users", users);
  peak_ = order_.endless() ? users : std::min(users, order_.fixed_total());
  per_second_ = per_second;
  next_ = now;
}

bool UserRamp::advance(Time now) {
  if (now < next_) return false;
  return curve_ ? advance_stages(now) : advance_batch(now);
}

bool UserRamp::advance_batch(Time now) {
  const double batch = std::max(1.0, std::floor(per_second_));
  const auto users = static_cast<double>(started_.size()), wanted = static_cast<double>(peak_);
  set(static_cast<std::size_t>(users < wanted ? std::min(wanted, users + batch) : std::max(wanted, users - batch)));
  if (started_.size() == peak_) {
    next_ = Time::max();
  } else {
    next_ += std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(batch / per_second_));
    next_ = std::max(next_, now);
  }
  return true;
}

bool UserRamp::advance_stages(Time now) {
  if (now - start_ >= curve_->length()) {
    next_ = Time::max();  // the test ends with its last users
    return false;
  }
  const std::size_t users = std::min(peak_, static_cast<std::size_t>(std::llround(curve_->at(now - start_))));
  const bool changed = users != started_.size();
  set(users);
  next_ = now + step;
  return changed;
}

void UserRamp::set(std::size_t users) {
  while (started_.size() < users) {
    started_.push_back(order_.next());
    ++wanted_[started_.back()];
  }
  while (started_.size() > users) {
    --wanted_[started_.back()];
    started_.pop_back();
    order_.take_back();
  }
}

}  // namespace triggers::swarm
