#pragma once

// JSON of Lua values, in both directions.

#include <string>
#include <string_view>

struct lua_State;

namespace triggers::swarm {

/// Adds `null`, `array`, `to_json` and `from_json` to the table on top of the stack.
void add_json_functions(lua_State* lua);

/// Appends the value at this index of the stack as JSON. A table is a list if it has elements, or was marked with
/// swarm.array(); otherwise an object. Raises a Lua error for a value that JSON does not have, and for tables nested
/// over 64 deep.
void append_json(std::string& out, lua_State* lua, int index);

/// Pushes the member of the document that `path` names (`events[0].id`, counted from 0), or all of it for an empty
/// path. Numbers are doubles; a null member of an object is left out. False, and nothing pushed, if the text is not
/// JSON or has no such member.
bool push_json(lua_State* lua, std::string_view json, std::string_view path);

}  // namespace triggers::swarm
