#pragma once

#include <exception>
#include <string>

namespace triggers {

/// What each of our programs does first, before it opens a file or starts a thread:
/// - Makes sure that the descriptors 0, 1 and 2 are open. A file that is opened later would otherwise take the place of
///   one, and get what is printed or logged. What is written to a descriptor that was closed fails, as before.
/// - Ignores SIGPIPE and SIGXFSZ (an error of the write instead), SIGUSR1 and SIGUSR2 (they would end the process).
/// - Has an exception that nothing caught say what it was before the process aborts.
/// `program` names it in messages, and must stay.
void start_process(const char* program) noexcept;

/// What `failure` says, for a log line or a person. `failure` must hold an exception.
[[nodiscard]] std::string cause_of(const std::exception_ptr& failure);

}  // namespace triggers
