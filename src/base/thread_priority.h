#pragma once

// Lowers a thread's priority. Its name is in thread_name.h.

namespace triggers {

/// Lowers the calling thread's priority below that of the process's other threads (Linux). For long computations: IO
/// loops and the committer compute only briefly, and others wait for them.
void lower_thread_priority() noexcept;

}  // namespace triggers
