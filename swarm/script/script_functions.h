#pragma once

// The functions that a script may call, beside those of the prelude. Each file adds one part of them.

struct lua_State;

namespace triggers::swarm {

class ScriptUser;

/// Adds all of them to a new state, as the global table `swarm`. The methods of users are in its member `client`, which
/// the prelude takes.
void open_script_functions(lua_State* lua);

// Each adds its functions to the table on top of the stack.
void add_request_functions(lua_State* lua);  ///< get, post, …, batch.
void add_user_functions(lua_State* lua);     ///< wait, interrupt, stop, fail, set_header, record, check, abort_test.
void add_data_functions(lua_State* lua);     ///< data, option, options, env.
void add_text_functions(lua_State* lua);     ///< uuid, hash, hmac, base64, hex, url_encode.
void add_random_functions(lua_State* lua);   ///< random, uniform, choice; also replaces math.random.

/// The user whose task calls the function. Raises a Lua error if there is none: the file is being loaded, or the task
/// has started a coroutine of its own.
ScriptUser& user_of(lua_State* lua);

}  // namespace triggers::swarm
