#pragma once

// Raises the process's limit of open files. How the program divides them is in apps/triggers/descriptor_plan.h.

#include <cstddef>

namespace triggers {

/// Raises the soft limit of open file descriptors (RLIMIT_NOFILE) to the hard one, and says how many may be open. The
/// usual soft limit of 1024 is kept for programs that use select(2); ours do not.
std::size_t raise_descriptor_limit() noexcept;

}  // namespace triggers
