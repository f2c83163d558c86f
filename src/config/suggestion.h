#pragma once

// Which flag or command a mistyped argument probably means. The comparison of names is in base/nearest_name.h.

#include <string>

namespace CLI {
class App;
}

namespace triggers::config {

/// The option or command that the first unknown argument most probably means, as a user would type it; empty if none is
/// near, or all are known. For an app whose parsing has failed.
[[nodiscard]] std::string suggestion(const CLI::App& app);

}  // namespace triggers::config
