#pragma once

#include <cstddef>

#include "base/result.h"
#include "config/config.h"

namespace triggers {

/// Who may have how many of the process's file descriptors. Connections, which anybody can open, come last, so that
/// they cannot take what the store needs to go on: a log that cannot be opened stops all writes.
struct DescriptorPlan {
  std::size_t limit = 0;            ///< RLIMIT_NOFILE, raised as far as allowed.
  std::size_t connections_max = 0;  ///< `max-connections`, or what the limit leaves.
  std::size_t refusing_max = 0;     ///< Connections over that, which are being told so.
  int store_files_max = -1;         ///< Files that the embedded store keeps open; -1: all.

  [[nodiscard]] bool lowered(const config::Config& config) const noexcept {
    return connections_max < config.connections_max;
  }
};

/// Raises the limit and divides it. The same for the same configuration, whoever asks in this process.
DescriptorPlan plan_descriptors(const config::Config& config);
/// As it is under `limit`.
DescriptorPlan plan_descriptors(const config::Config& config, std::size_t limit);
/// `invalid_argument` if a server cannot do with so few: which limit, and how to raise it.
Status check_descriptors(const DescriptorPlan& plan);

}  // namespace triggers
