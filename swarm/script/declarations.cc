#include "swarm/script/declarations.h"

#include <algorithm>
#include <lua.hpp>
#include <string_view>
#include <utility>

#include "base/invariant.h"

namespace triggers::swarm {
namespace {

/// Reads members of the table on top of the stack.
class Members {
 public:
  explicit Members(lua_State* lua) : lua_(lua) {}

  double number(const char* name) {
    lua_getfield(lua_, -1, name);
    const double value = lua_tonumber(lua_, -1);
    lua_pop(lua_, 1);
    return value;
  }
  std::string text(const char* name) {
    lua_getfield(lua_, -1, name);
    std::size_t bytes = 0;
    const char* const at = lua_tolstring(lua_, -1, &bytes);
    std::string value(at == nullptr ? "" : at, bytes);
    lua_pop(lua_, 1);
    return value;
  }
  bool flag(const char* name) {
    lua_getfield(lua_, -1, name);
    const bool value = lua_toboolean(lua_, -1) != 0;
    lua_pop(lua_, 1);
    return value;
  }
  LuaReference reference(const char* name) {
    lua_getfield(lua_, -1, name);
    if (!lua_isnil(lua_, -1)) return luaL_ref(lua_, LUA_REGISTRYINDEX);
    lua_pop(lua_, 1);
    return 0;
  }
  /// Calls `read` with each element of the list on top.
  template <class Read>
  void each(const char* name, Read read) {
    lua_getfield(lua_, -1, name);
    const std::size_t size = lua_objlen(lua_, -1);
    for (std::size_t i = 1; i <= size; ++i) {
      lua_rawgeti(lua_, -1, static_cast<int>(i));
      read();
      lua_pop(lua_, 1);
    }
    lua_pop(lua_, 1);
  }

 private:
  lua_State* lua_;
};

ScriptWait read_wait(lua_State* lua) {
  using Kind = ScriptWait::Kind;
  static constexpr std::pair<std::string_view, Kind> kinds[] = {{"between", Kind::between},
                                                                {"constant", Kind::constant},
                                                                {"constant_pacing", Kind::pacing},
                                                                {"constant_throughput", Kind::throughput},
                                                                {"poisson", Kind::poisson}};
  ScriptWait wait;
  Members members(lua);
  lua_getfield(lua, -1, "wait");
  if (lua_isfunction(lua, -1)) {
    wait.kind = Kind::function;
    wait.function = luaL_ref(lua, LUA_REGISTRYINDEX);
    return wait;
  }
  if (lua_istable(lua, -1)) {
    const std::string name = members.text("kind");
    for (const auto& [text, kind] : kinds) {
      if (name == text) wait.kind = kind;
    }
    wait.first = members.number("first");
    wait.second = members.number("second");
  }
  lua_pop(lua, 1);
  return wait;
}

ScriptTasks read_tasks(lua_State* lua) {
  Members members(lua);
  ScriptTasks all;
  all.name = members.text("name");
  all.sequential = members.flag("sequential");
  all.wait = read_wait(lua);
  all.table = members.reference("class");
  all.on_start = members.reference("on_start");
  all.on_stop = members.reference("on_stop");
  members.each("tasks", [&] {
    ScriptTask task;
    task.name = members.text("name");
    task.weight = static_cast<unsigned>(members.number("weight"));
    task.run = members.reference("run");
    task.set = static_cast<std::size_t>(members.number("set"));
    all.weights += task.weight;
    all.tasks.push_back(std::move(task));
  });
  return all;
}

bool same(const ScriptTasks& one, const ScriptTasks& other) {
  return one.name == other.name && std::equal(one.tasks.begin(), one.tasks.end(), other.tasks.begin(),
                                              other.tasks.end(), [](const ScriptTask& a, const ScriptTask& b) {
                                                return a.name == b.name && a.set == b.set && a.weight == b.weight;
                                              });
}

}  // namespace

Declarations Declarations::read(lua_State* lua, LuaReference declared) {
  Declarations all;
  Members members(lua);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, declared);
  members.each("sets", [&] { all.sets.push_back(read_tasks(lua)); });
  members.each("classes", [&] {
    ScriptClass one;
    one.tasks = read_tasks(lua);
    one.weight = members.number("weight");
    one.fixed_count = static_cast<std::size_t>(members.number("fixed_count"));
    one.needs = members.reference("needs");
    one.only_if_named = members.flag("only_if_named");
    all.classes.push_back(std::move(one));
  });
  lua_pop(lua, 1);
  return all;
}

bool Declarations::agree(const Declarations& other) const {
  return std::equal(sets.begin(), sets.end(), other.sets.begin(), other.sets.end(), same) &&
         std::equal(classes.begin(), classes.end(), other.classes.begin(), other.classes.end(),
                    [](const ScriptClass& a, const ScriptClass& b) { return same(a.tasks, b.tasks); });
}

const ScriptTask& ScriptTasks::at(std::size_t turn) const {
  INVARIANT(weights > 0, "a task set without tasks");
  std::size_t left = turn % weights;
  for (const ScriptTask& task : tasks) {
    if (left < task.weight) return task;
    left -= task.weight;
  }
  return tasks.back();
}

const ScriptTask& ScriptTasks::choose(double random) const { return at(static_cast<std::size_t>(random * weights)); }

}  // namespace triggers::swarm
