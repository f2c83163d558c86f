#pragma once

// A number as Python prints it. A text as Python prints it is in load/failure_text.h.

#include <string>

namespace triggers::swarm {

/// Python's repr() of a float: the shortest digits that give the same double; `.0` for whole numbers; an exponent only
/// below 1e-4 and from 1e16 on.
[[nodiscard]] std::string python_repr(double value);

}  // namespace triggers::swarm
