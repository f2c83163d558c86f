#include "swarm/report/history.h"

#include <utility>

namespace triggers::swarm {

void History::Point::join(const Point& next) {
  seconds += next.seconds;
  users = next.users;
  requests += next.requests;
  failures += next.failures;
  accepted += next.accepted;
  latencies.merge(next.latencies);
}

void History::add(EpochSeconds from, double seconds, std::size_t users, const Entry& delta) {
  if (recent_.size() == recent_max) recent_.pop_front();
  recent_.push_back({.from = from,
                     .seconds = seconds,
                     .users = users,
                     .requests = delta.requests,
                     .failures = delta.failures,
                     .accepted = delta.accepted,
                     .latencies = delta.latencies});
  const bool full = points_.empty() || in_last_ == merged_;
  if (full && points_.size() == points_max) halve();
  if (full) {
    points_.push_back(recent_.back());
    in_last_ = 1;
  } else {
    points_.back().join(recent_.back());
    ++in_last_;
  }
}

void History::halve() {
  for (std::size_t i = 0; i < points_.size(); i += 2) {
    Point joined = std::move(points_[i]);
    joined.join(points_[i + 1]);
    points_[i / 2] = std::move(joined);
  }
  points_.resize(points_.size() / 2);
  merged_ *= 2;
}

}  // namespace triggers::swarm
