#pragma once

#include <string_view>

namespace triggers {

/// Writes `text` and a line feed to standard error at once, past every buffer: for a process that is about to end.
/// Waits at most 200 ms for a reader that stands still. Allocates nothing, takes no lock. Any thread.
void say_last(std::string_view text) noexcept;

}  // namespace triggers
