#pragma once

// How the server divides its file descriptors. Threads are in thread_plan.h; raising the limit is in
// base/descriptor_limit.h.

#include <cstddef>

#include "base/result.h"
#include "config/config.h"

namespace triggers {

/// Divides the process's file descriptors. Connections, which anybody can open, come last, so that they cannot take the
/// descriptors that the store needs: if a log cannot be opened, all writes stop.
struct DescriptorPlan {
  std::size_t limit = 0;            ///< RLIMIT_NOFILE, raised as far as allowed.
  std::size_t connections_max = 0;  ///< `max-connections`, or what the limit leaves.
  std::size_t refusing_max = 0;     ///< Further connections, which are being refused.
  int store_files_max = -1;         ///< Files that the embedded store keeps open; -1: all.

  [[nodiscard]] bool lowered(const config::Config& config) const noexcept {
    return connections_max < config.connections_max;
  }
};

/// Raises the limit and divides it. Every call with the same configuration has the same result.
DescriptorPlan plan_descriptors(const config::Config& config);
/// As it is under `limit`.
DescriptorPlan plan_descriptors(const config::Config& config, std::size_t limit);
/// `invalid_argument` if these are too few for a server; the message says which limit to raise, and how.
Status check_descriptors(const DescriptorPlan& plan);

}  // namespace triggers
