#pragma once

// Parses one element of a list: a literal or an operator. The filter around it is parsed in parse.cc.

#include <cstddef>

#include "filter/matcher.h"
#include "filter/parse_state.h"

namespace triggers::filter {

constexpr std::string_view operator_names =
    "prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, exists and cidr";
[[nodiscard]] bool is_operator(std::string_view name);

/// Parses node `i`, an element of a list. False after a fault.
bool parse_matcher(ParseState& state, std::size_t i, Matcher& out);

}  // namespace triggers::filter
