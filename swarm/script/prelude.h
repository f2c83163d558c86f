#pragma once

// The part of a script's environment that is written in Lua: classes of users, task sets, tasks and waits. The rest is
// in script_functions.h.

#include <string_view>

namespace triggers::swarm {

/// Runs once in each state, before the script. Adds to the table `swarm`; returns a function that lists what the script
/// has declared, in the form that declarations.h reads.
extern const std::string_view prelude;

}  // namespace triggers::swarm
