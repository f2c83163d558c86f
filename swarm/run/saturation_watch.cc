#include "swarm/run/saturation_watch.h"

#include <algorithm>

namespace triggers::swarm {

bool SaturationWatch::observe(std::chrono::steady_clock::time_point now, std::chrono::nanoseconds used) {
  points_.push_back({now, used});
  // Keep one point that is at least a window old: it begins the window.
  while (points_.size() > 2 && now - points_[1].at >= window) points_.pop_front();
  const Point& first = points_.front();
  if (now <= first.at) return false;
  const bool whole = now - first.at >= window;
  const double share = std::chrono::duration<double>(used - first.used) / std::chrono::duration<double>(now - first.at);
  // A run shorter than a window has only this share. Later, only whole windows count.
  largest_ = whole ? std::max(largest_whole_, share) : share;
  if (!whole) return false;
  largest_whole_ = largest_;
  if (told_ || share <= busy_share) return false;
  return told_ = true;
}

}  // namespace triggers::swarm
