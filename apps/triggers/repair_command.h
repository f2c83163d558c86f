#pragma once

// The command `triggers repair`. The repair itself is in store/rocks/repair/repair.h.

#include <string>

#include "config/config.h"

namespace triggers {

/// `triggers repair`: makes a new store in `into` from what can be read of a damaged one, and prints what it has found.
/// Returns the exit status.
int repair(const config::Settings& settings, const std::string& into);

}  // namespace triggers
