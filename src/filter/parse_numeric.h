#pragma once

// Parses the comparisons of the operator `numeric`. The other operators are in parse_matcher.h.

#include <cstddef>

#include "filter/matcher.h"
#include "filter/parse_state.h"

namespace triggers::filter {

/// Parses the operand of `numeric`: one comparison, or two that form a range. False after a fault.
bool parse_numeric(ParseState& state, std::size_t i, Matcher& out);

}  // namespace triggers::filter
