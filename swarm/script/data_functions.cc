// What a script reads from outside: data files, its options, and the environment. The rows of a data file are in
// data_file.h.

#include <cstdlib>
#include <lua.hpp>
#include <string>
#include <string_view>

#include "swarm/script/lua_json.h"
#include "swarm/script/lua_state.h"
#include "swarm/script/script_file.h"
#include "swarm/script/script_functions.h"

namespace triggers::swarm {
namespace {

constexpr const char* type_name = "swarm.data";

DataFile& data_at(lua_State* lua) { return **static_cast<DataFile**>(luaL_checkudata(lua, 1, type_name)); }

int push_row(lua_State* lua, const DataFile& data, std::size_t index) {
  if (data.kind() == DataFile::Kind::ndjson) {
    if (!push_json(lua, data.row(index), {}))
      luaL_error(lua, "row %d of the data file is not JSON", static_cast<int>(index + 1));
    return 1;
  }
  const auto fields = csv_fields(data.row(index));
  lua_createtable(lua, 0, static_cast<int>(fields.size()));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    lua_pushlstring(lua, data.columns()[i].data(), data.columns()[i].size());
    lua_pushlstring(lua, fields[i].data(), fields[i].size());
    lua_rawset(lua, -3);
  }
  return 1;
}

int next_row(lua_State* lua) {
  DataFile& data = data_at(lua);
  return push_row(lua, data, data.next());
}

int random_row(lua_State* lua) {
  DataFile& data = data_at(lua);
  return push_row(lua, data, LuaState::of(lua).random().index(data.rows()));
}

int take_row(lua_State* lua) {
  DataFile& data = data_at(lua);
  const auto index = data.once();
  return index ? push_row(lua, data, *index) : 0;
}

int count_rows(lua_State* lua) {
  lua_pushinteger(lua, static_cast<lua_Integer>(data_at(lua).rows()));
  return 1;
}

/// Raises the error of a Result as one of the script.
void raise(lua_State* lua, const Error& error) { luaL_error(lua, "%s", error.message.c_str()); }

int open_data(lua_State* lua) {
  const std::string name = luaL_checkstring(lua, 1);
  auto opened = LuaState::of(lua).file().data.open(name);
  if (!opened) raise(lua, opened.error());
  *static_cast<DataFile**>(lua_newuserdata(lua, sizeof(DataFile*))) = *opened;
  luaL_getmetatable(lua, type_name);
  lua_setmetatable(lua, -2);
  return 1;
}

double number_member(lua_State* lua, const char* name, double otherwise) {
  lua_getfield(lua, 2, name);
  const double value = lua_isnil(lua, -1) ? otherwise : luaL_checknumber(lua, -1);
  lua_pop(lua, 1);
  return value;
}

void push_value(lua_State* lua, const ScriptOption& option) {
  switch (option.kind) {
    case ScriptOption::Kind::number: return lua_pushnumber(lua, option.number());
    case ScriptOption::Kind::flag: return lua_pushboolean(lua, option.text == "true");
    case ScriptOption::Kind::text: lua_pushlstring(lua, option.text.data(), option.text.size());
  }
}

/// swarm.option("batch-size", {default = 10, help = "Events of a batch", min = 1, max = 500}) returns its value.
int declare_option(lua_State* lua) {
  constexpr double number_max = 1e15;
  ScriptOption option;
  option.name = luaL_checkstring(lua, 1);
  if (lua_isnoneornil(lua, 2)) {
    lua_settop(lua, 1);
    lua_newtable(lua);
  }
  luaL_checktype(lua, 2, LUA_TTABLE);
  lua_getfield(lua, 2, "help");
  option.help = luaL_optstring(lua, -1, "");
  option.minimum = number_member(lua, "min", -number_max);
  option.maximum = number_member(lua, "max", number_max);
  lua_getfield(lua, 2, "default");
  switch (lua_type(lua, -1)) {
    case LUA_TNUMBER: option.kind = ScriptOption::Kind::number; break;
    case LUA_TBOOLEAN: option.kind = ScriptOption::Kind::flag; break;
    case LUA_TNIL:
    case LUA_TSTRING: break;
    default: luaL_error(lua, "the default of an option is a text, a number, true or false");
  }
  if (option.kind == ScriptOption::Kind::flag) {
    option.text = lua_toboolean(lua, -1) != 0 ? "true" : "false";
  } else {
    const Status set = option.set(luaL_optstring(lua, -1, ""));
    if (!set) luaL_error(lua, "the default of --%s: %s", option.name.c_str(), set.error().message.c_str());
  }
  const auto declared = LuaState::of(lua).file().options.declare(std::move(option));
  if (!declared) raise(lua, declared.error());
  push_value(lua, **declared);
  return 1;
}

int environment_variable(lua_State* lua) {
  const char* const value = std::getenv(luaL_checkstring(lua, 2));
  if (value == nullptr) return 0;
  lua_pushstring(lua, value);
  return 1;
}

/// A table whose members are the variables of the environment.
void push_environment(lua_State* lua) {
  lua_newtable(lua);
  lua_newtable(lua);
  lua_pushcfunction(lua, environment_variable);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, -2);
}

}  // namespace

void add_data_functions(lua_State* lua) {
  static constexpr luaL_Reg functions[] = {{"data", open_data}, {"option", declare_option}, {nullptr, nullptr}};
  static constexpr luaL_Reg methods[] = {
      {"next", next_row}, {"random", random_row}, {"once", take_row}, {"count", count_rows}, {nullptr, nullptr}};
  luaL_register(lua, nullptr, functions);
  push_environment(lua);
  lua_setfield(lua, -2, "env");
  luaL_newmetatable(lua, type_name);
  lua_newtable(lua);
  luaL_register(lua, nullptr, methods);
  lua_setfield(lua, -2, "__index");
  lua_pushstring(lua, "data");
  lua_setfield(lua, -2, "__metatable");
  lua_pop(lua, 1);
}

}  // namespace triggers::swarm
