#pragma once

// What each program does before anything else. The rest of a start is in its own main function, below apps/.

#include <exception>
#include <string>

namespace triggers {

/// What each of our programs does first, before it opens a file or starts a thread:
/// - Makes sure that the descriptors 0, 1 and 2 are open. Otherwise a file that is opened later would take the number
///   of a closed one, and receive output or log lines. Writing to a descriptor that was closed still fails.
/// - Ignores SIGPIPE and SIGXFSZ (an error of the write instead), SIGUSR1 and SIGUSR2 (they would end the process).
/// - Makes the process report an exception that nothing caught before it aborts.
///
/// `program` names the process in messages, and must stay valid.
void start_process(const char* program) noexcept;

/// What `failure` says, for a log line or a person. `failure` must hold an exception.
[[nodiscard]] std::string cause_of(const std::exception_ptr& failure);

}  // namespace triggers
