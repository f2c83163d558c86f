#pragma once

#include <string>
#include <string_view>

namespace triggers::swarm {

/// Text for a terminal: what would steer it (control characters other than line ends, also those of Unicode) is
/// escaped,
/// `\x1b`. Texts of a service, of a master and of the command line come into messages.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace triggers::swarm
