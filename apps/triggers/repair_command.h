#pragma once

#include <string>

#include "config/config.h"

namespace triggers {

/// `triggers repair`: makes a new store in `into` of what can be read of a damaged one, and says what it has found. The
/// exit status.
int repair(const config::Settings& settings, const std::string& into);

}  // namespace triggers
