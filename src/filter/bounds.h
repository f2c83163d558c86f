#pragma once

// The limits on one filter, and on all filters of a tenant together.

#include <cstddef>

namespace triggers::filter {

// Of one filter.

inline constexpr std::size_t filter_bytes_max = 8 * 1024;
inline constexpr std::size_t leaves_max =
    64;  ///< Elements of a filter's lists; each value within an `anything-but` counts.
inline constexpr int pattern_levels_max = 32;  ///< Nested objects and lists, the filter itself being 1.

// Of all filters of a set.

inline constexpr std::size_t filters_max = 100;
/// The limit on different conditions of all filters of a set at one path. It bounds what a byte of a payload can cost,
/// because each condition is tried on each value there. Literals do not count: one look-up finds them. An object or a
/// branch that can match without any value counts as one.
inline constexpr std::size_t conditions_per_path_max = 256;

}  // namespace triggers::filter
