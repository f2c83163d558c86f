#pragma once

// Names a thread for debuggers and `top -H`. Its priority is in thread_priority.h.

#include <cstddef>
#include <string_view>

namespace triggers {

/// The kernel keeps no more of a thread's name.
inline constexpr std::size_t thread_name_chars_max = 15;

/// Names the calling thread for `ps -L`, `top -H`, perf and debuggers. docs/architecture.md lists the names.
void name_thread(std::string_view role) noexcept;
/// Of several threads of a role: `role-number`. A number that does not fit is cut.
void name_thread(std::string_view role, std::size_t number) noexcept;

}  // namespace triggers
