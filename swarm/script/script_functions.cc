#include "swarm/script/script_functions.h"

#include <cstdio>
#include <lua.hpp>
#include <string>

#include "swarm/script/answer.h"
#include "swarm/script/lua_json.h"
#include "swarm/script/lua_state.h"
#include "swarm/script/script_file.h"
#include "swarm/script/script_thread.h"
#include "swarm/script/script_user.h"

namespace triggers::swarm {
namespace {

/// To standard error, because standard output may be the JSON of --json.
int print_line(lua_State* lua) {
  std::string line;
  const int count = lua_gettop(lua);
  for (int i = 1; i <= count; ++i) {
    lua_getglobal(lua, "tostring");
    lua_pushvalue(lua, i);
    lua_call(lua, 1, 1);
    std::size_t bytes = 0;
    const char* const text = lua_tolstring(lua, -1, &bytes);
    if (i > 1) line += '\t';
    line.append(text == nullptr ? "" : text, bytes);
    lua_pop(lua, 1);
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
  return 0;
}

void set_texts(lua_State* lua, const char* member, const std::vector<std::string>& texts) {
  lua_createtable(lua, static_cast<int>(texts.size()), 0);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    lua_pushlstring(lua, texts[i].data(), texts[i].size());
    lua_rawseti(lua, -2, static_cast<int>(i + 1));
  }
  lua_setfield(lua, -2, member);
}

}  // namespace

void open_script_functions(lua_State* lua) {
  const ScriptFile& file = LuaState::of(lua).file();
  lua_pushcfunction(lua, print_line);
  lua_setglobal(lua, "print");
  define_answers(lua);
  lua_newtable(lua);
  add_json_functions(lua);
  add_data_functions(lua);
  add_text_functions(lua);
  add_random_functions(lua);
  set_texts(lua, "tags", file.tags);
  set_texts(lua, "excluded_tags", file.excluded_tags);
  lua_newtable(lua);
  add_request_functions(lua);
  add_user_functions(lua);
  lua_setfield(lua, -2, "client");
  lua_setglobal(lua, "swarm");
}

ScriptUser& user_of(lua_State* lua) {
  ScriptThread* const thread = LuaState::of(lua).thread;
  auto* const user = thread == nullptr ? nullptr : static_cast<ScriptUser*>(thread->current);
  if (user == nullptr || user->coroutine() != lua) {
    luaL_error(lua, user == nullptr ? "this works only in a task: no user runs here"
                                    : "this works only in the task itself, not in a coroutine that it has made");
  }
  return *user;
}

}  // namespace triggers::swarm
