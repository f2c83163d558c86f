#pragma once

namespace triggers {

/// Makes the calling thread compete for the processor behind the other threads of the process (Linux): for work that
/// computes for long, while an IO loop or the committer has little to do and others wait for it.
void lower_thread_priority() noexcept;

}  // namespace triggers
