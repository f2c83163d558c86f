#include "swarm/script/lua_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <lua.hpp>

#include "base/json_text.h"

namespace triggers::swarm {
namespace {

constexpr int depth_max = 64;
constexpr const char* array_type = "swarm.array";

/// What stands for null in Lua.
void push_null(lua_State* lua) { lua_pushlightuserdata(lua, nullptr); }

void append_number(std::string& out, lua_State* lua, double value) {
  if (!std::isfinite(value)) luaL_error(lua, "JSON has no number like %f", value);
  constexpr double exact_max = 1e15;
  if (value == std::floor(value) && std::fabs(value) < exact_max) {
    const fmt::format_int text(static_cast<long long>(value));
    out.append(text.data(), text.size());
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

/// Most texts have no character that needs care.
void append_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') return append_json_text(out, text);
  }
  out += '"';
  out.append(text);
  out += '"';
}

bool is_marked_array(lua_State* lua, int index) {
  if (lua_getmetatable(lua, index) == 0) return false;
  luaL_getmetatable(lua, array_type);
  const bool marked = lua_rawequal(lua, -1, -2) != 0;
  lua_pop(lua, 2);
  return marked;
}

void append_value(std::string& out, lua_State* lua, int index, int depth);

void append_list(std::string& out, lua_State* lua, int index, int depth) {
  const std::size_t size = lua_objlen(lua, index);
  out += '[';
  for (std::size_t i = 1; i <= size; ++i) {
    if (i > 1) out += ',';
    lua_rawgeti(lua, index, static_cast<int>(i));
    append_value(out, lua, lua_gettop(lua), depth);
    lua_pop(lua, 1);
  }
  out += ']';
}

void append_table(std::string& out, lua_State* lua, int index, int depth) {
  if (depth > depth_max) luaL_error(lua, "a table is nested over %d deep: does it contain itself?", depth_max);
  luaL_checkstack(lua, 6, "a table is nested too deep");
  if (lua_objlen(lua, index) > 0 || is_marked_array(lua, index)) return append_list(out, lua, index, depth);
  out += '{';
  bool first = true;
  lua_pushnil(lua);
  while (lua_next(lua, index) != 0) {
    if (lua_type(lua, -2) != LUA_TSTRING) {
      luaL_error(lua, "the name of a JSON member is a text, not a %s", luaL_typename(lua, -2));
    }
    if (!first) out += ',';
    first = false;
    std::size_t bytes = 0;
    const char* const name = lua_tolstring(lua, -2, &bytes);
    append_text(out, {name, bytes});
    out += ':';
    append_value(out, lua, lua_gettop(lua), depth);
    lua_pop(lua, 1);
  }
  out += '}';
}

void append_value(std::string& out, lua_State* lua, int index, int depth) {
  switch (lua_type(lua, index)) {
    case LUA_TNIL: out += "null"; return;
    case LUA_TBOOLEAN: out += lua_toboolean(lua, index) != 0 ? "true" : "false"; return;
    case LUA_TNUMBER: return append_number(out, lua, lua_tonumber(lua, index));
    case LUA_TSTRING: {
      std::size_t bytes = 0;
      const char* const text = lua_tolstring(lua, index, &bytes);
      return append_text(out, {text, bytes});
    }
    case LUA_TTABLE: return append_table(out, lua, index, depth + 1);
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(lua, index) == nullptr) {
        out += "null";
        return;
      }
      [[fallthrough]];
    default: luaL_error(lua, "JSON has no value like a %s", luaL_typename(lua, index));
  }
}

// ---- reading

using simdjson::dom::element;
using simdjson::dom::element_type;

void push_element(lua_State* lua, const element& value);

void push_list(lua_State* lua, const simdjson::dom::array& values) {
  lua_createtable(lua, static_cast<int>(values.size()), 0);
  int at = 0;
  for (const element one : values) {
    push_element(lua, one);
    lua_rawseti(lua, -2, ++at);
  }
  luaL_getmetatable(lua, array_type);
  lua_setmetatable(lua, -2);
}

void push_object(lua_State* lua, const simdjson::dom::object& members) {
  lua_createtable(lua, 0, static_cast<int>(members.size()));
  for (const auto& [name, value] : members) {
    if (value.is_null()) continue;
    lua_pushlstring(lua, name.data(), name.size());
    push_element(lua, value);
    lua_rawset(lua, -3);
  }
}

void push_element(lua_State* lua, const element& value) {
  luaL_checkstack(lua, 6, "the JSON is nested too deep");
  switch (value.type()) {
    case element_type::ARRAY: return push_list(lua, value.get_array().value_unsafe());
    case element_type::OBJECT: return push_object(lua, value.get_object().value_unsafe());
    case element_type::INT64: return lua_pushnumber(lua, static_cast<double>(value.get_int64().value_unsafe()));
    case element_type::UINT64: return lua_pushnumber(lua, static_cast<double>(value.get_uint64().value_unsafe()));
    case element_type::DOUBLE: return lua_pushnumber(lua, value.get_double().value_unsafe());
    case element_type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      return lua_pushlstring(lua, text.data(), text.size());
    }
    case element_type::BOOL: return lua_pushboolean(lua, static_cast<int>(value.get_bool().value_unsafe()));
    case element_type::NULL_VALUE: return push_null(lua);
  }
}

/// Takes the next step off the path: a name, or a number in brackets. False if there is no such member.
bool step(element& at, std::string_view& path) {
  if (path.front() == '[') {
    const auto end = path.find(']');
    if (end == std::string_view::npos) return false;
    std::size_t number = 0;
    const auto read = std::from_chars(path.data() + 1, path.data() + end, number);
    if (read.ec != std::errc{} || read.ptr != path.data() + end) return false;
    simdjson::dom::array list;
    if (at.get_array().get(list) != simdjson::SUCCESS || list.at(number).get(at) != simdjson::SUCCESS) return false;
    path.remove_prefix(end + 1);
  } else {
    const auto end = std::min(path.find_first_of(".["), path.size());
    simdjson::dom::object members;
    if (at.get_object().get(members) != simdjson::SUCCESS) return false;
    if (members.at_key(path.substr(0, end)).get(at) != simdjson::SUCCESS) return false;
    path.remove_prefix(end);
  }
  if (!path.empty() && path.front() == '.') path.remove_prefix(1);
  return true;
}

int to_json(lua_State* lua) {
  luaL_checkany(lua, 1);
  std::string out;
  append_json(out, lua, 1);
  lua_pushlstring(lua, out.data(), out.size());
  return 1;
}

int from_json(lua_State* lua) {
  std::size_t bytes = 0, path_bytes = 0;
  const char* const text = luaL_checklstring(lua, 1, &bytes);
  const char* const path = luaL_optlstring(lua, 2, "", &path_bytes);
  return push_json(lua, {text, bytes}, {path, path_bytes}) ? 1 : 0;
}

int mark_array(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 1);
  luaL_getmetatable(lua, array_type);
  lua_setmetatable(lua, 1);
  return 1;
}

}  // namespace

void add_json_functions(lua_State* lua) {
  static constexpr luaL_Reg functions[] = {
      {"to_json", to_json}, {"from_json", from_json}, {"array", mark_array}, {nullptr, nullptr}};
  luaL_register(lua, nullptr, functions);
  push_null(lua);
  lua_setfield(lua, -2, "null");
  luaL_newmetatable(lua, array_type);
  lua_pop(lua, 1);
}

void append_json(std::string& out, lua_State* lua, int index) { append_value(out, lua, index, 0); }

bool push_json(lua_State* lua, std::string_view json, std::string_view path) {
  thread_local simdjson::dom::parser parser;
  element value;
  if (parser.parse(json.data(), json.size()).get(value) != simdjson::SUCCESS) return false;
  while (!path.empty()) {
    if (!step(value, path)) return false;
  }
  if (value.is_null()) return false;
  push_element(lua, value);
  return true;
}

}  // namespace triggers::swarm
