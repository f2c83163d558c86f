#pragma once

#include <string>
#include <string_view>

namespace triggers::swarm {

/// Text for a terminal: control characters other than line ends, also those of Unicode, become `\x1b`, because messages
/// hold texts of a service, of a master and of the command line.
[[nodiscard]] std::string terminal_safe(std::string_view text);

}  // namespace triggers::swarm
