#pragma once

// Parts of a filter and of an event as short JSON texts, for the messages of explain().

#include <cstddef>
#include <string>

#include "event/tape.h"
#include "filter/pattern.h"
#include "filter/scalar.h"

namespace triggers::filter {

/// A scalar node, which views the tape.
[[nodiscard]] Scalar scalar_of(const event::Tape::Node& node);

/// A pattern's list as JSON, cut off after 200 characters.
[[nodiscard]] std::string shown_list(const ValueList& list);
/// A value of an event as JSON, cut off after 100 characters.
[[nodiscard]] std::string shown_value(const event::Tape& tape, std::size_t node);

}  // namespace triggers::filter
