#pragma once

// One last message of a process that is about to end. Everything else that is logged goes through log/log.h.

#include <string_view>

namespace triggers {

/// Writes `text` and a line feed to standard error at once, bypassing every buffer: for a process that is about to end.
/// Waits at most 200 ms for a reader that does not read. Allocates nothing, takes no lock. Any thread.
void write_direct_to_stderr(std::string_view text) noexcept;

}  // namespace triggers
