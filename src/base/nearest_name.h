#pragma once

// Finds the name that a misspelt one probably means. The command lines of both programs and the configuration file use
// it.

#include <span>
#include <string>
#include <string_view>

namespace triggers {

/// The name that `wanted` most probably means; empty if none is near. Ignores case, and treats `_` as `-`.
[[nodiscard]] std::string nearest_name(std::string_view wanted, std::span<const std::string> names);

}  // namespace triggers
