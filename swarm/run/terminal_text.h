#pragma once

// Text that cannot control a terminal. Text for HTML is in report/html_text.h.

#include <string>
#include <string_view>

namespace triggers::swarm {

/// Escapes control characters other than line ends as `\x1b`, including those of Unicode. Messages quote a service, a
/// master and the command line, which must not control the terminal.
[[nodiscard]] std::string terminal_safe(std::string_view text);

}  // namespace triggers::swarm
