#pragma once

// Finds the name that a misspelt one probably means. Who asks: config/suggestion.h and config/option.h.

#include <span>
#include <string>
#include <string_view>

namespace triggers {

/// The name that `wanted` most probably means; empty if none is near. Ignores case, and treats `_` as `-`.
[[nodiscard]] std::string nearest_name(std::string_view wanted, std::span<const std::string> names);

}  // namespace triggers
