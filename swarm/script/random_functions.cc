// The random numbers of a script. Texts that are random, such as a UUID, are in text_functions.cc.

#include <cmath>
#include <lua.hpp>

#include "swarm/script/lua_state.h"
#include "swarm/script/script_functions.h"

namespace triggers::swarm {
namespace {

Random& random_of(lua_State* lua) { return LuaState::of(lua).random(); }

/// As math.random(): a number in [0, 1), or a whole number from 1 or the first argument to the last one.
int random_number(lua_State* lua) {
  const int arguments = lua_gettop(lua);
  if (arguments == 0) {
    lua_pushnumber(lua, random_of(lua).unit());
    return 1;
  }
  const double least = arguments == 1 ? 1 : std::floor(luaL_checknumber(lua, 1));
  const double most = std::floor(luaL_checknumber(lua, arguments == 1 ? 1 : 2));
  luaL_argcheck(lua, least <= most && most - least < 1e15, arguments == 1 ? 1 : 2, "the range is empty or too large");
  lua_pushnumber(lua, least + std::floor(random_of(lua).unit() * (most - least + 1)));
  return 1;
}

int uniform(lua_State* lua) {
  const double least = luaL_checknumber(lua, 1), most = luaL_checknumber(lua, 2);
  lua_pushnumber(lua, least + random_of(lua).unit() * (most - least));
  return 1;
}

int choice(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const std::size_t size = lua_objlen(lua, 1);
  luaL_argcheck(lua, size > 0, 1, "a list with elements expected");
  lua_rawgeti(lua, 1, static_cast<int>(1 + random_of(lua).index(size)));
  return 1;
}

/// Every state has seeds of its own, from the kernel.
int seed_nothing(lua_State*) { return 0; }

}  // namespace

void add_random_functions(lua_State* lua) {
  static constexpr luaL_Reg functions[] = {
      {"random", random_number}, {"uniform", uniform}, {"choice", choice}, {nullptr, nullptr}};
  luaL_register(lua, nullptr, functions);
  // Lua's own generator has the same seed in every thread.
  lua_getglobal(lua, "math");
  lua_pushcfunction(lua, random_number);
  lua_setfield(lua, -2, "random");
  lua_pushcfunction(lua, seed_nothing);
  lua_setfield(lua, -2, "randomseed");
  lua_pop(lua, 1);
}

}  // namespace triggers::swarm
