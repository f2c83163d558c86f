#pragma once

#include <string>

namespace CLI {
class App;
}

namespace triggers::config {

/// The option or command that the first argument which is not known most probably means, as one would type it; empty if
/// none is near, or all are known. For an app whose parsing has failed.
[[nodiscard]] std::string suggestion(const CLI::App& app);

}  // namespace triggers::config
