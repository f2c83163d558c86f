#include "swarm/script/script_thread.h"

#include <algorithm>
#include <lua.hpp>

#include "swarm/script/script_file.h"

namespace triggers::swarm {

bool ExpectedStatuses::allow(unsigned status) const noexcept {
  if (count == 0) return status < 400;
  return std::find(statuses, statuses + count, status) != statuses + count;
}

std::string ExpectedStatuses::text() const {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all.append(i == 0 ? "" : " or ").append(std::to_string(statuses[i]));
  return all;
}

ScriptThread& ScriptThread::of(ConnectionContext& context, const ScriptSource& source) {
  if (context.script == nullptr) context.script = std::make_unique<ScriptThread>(source);
  return static_cast<ScriptThread&>(*context.script);
}

ScriptThread::ScriptThread(const ScriptSource& source) {
  auto state = LuaState::run(source.file, source.open);
  if (!state) {
    failure_ = state.error().message;
    return;
  }
  state_ = std::move(*state);
  state_->thread = this;
  declarations_ = Declarations::read(state_->lua(), state_->declared);
  if (!declarations_.agree(source.declarations)) {
    failure_ = source.file.name + ": declares other classes or tasks each time that it is loaded";
  }
  lua_newtable(state_->lua());
  names_by_method_ = luaL_ref(state_->lua(), LUA_REGISTRYINDEX);
}

RequestName ScriptThread::name(lua_State* lua, std::string_view method, int index) {
  lua_rawgeti(lua, LUA_REGISTRYINDEX, names_by_method_);
  lua_pushlstring(lua, method.data(), method.size());
  lua_rawget(lua, -2);
  if (lua_isnil(lua, -1)) {
    lua_pop(lua, 1);
    lua_newtable(lua);
    lua_pushlstring(lua, method.data(), method.size());
    lua_pushvalue(lua, -2);
    lua_rawset(lua, -4);
  }
  lua_pushvalue(lua, index);
  lua_rawget(lua, -2);
  auto known = static_cast<std::size_t>(lua_tointeger(lua, -1));
  lua_pop(lua, 1);
  if (known == 0) {
    std::size_t bytes = 0;
    const char* const text = lua_tolstring(lua, index, &bytes);
    if (names_.size() >= names_max) {
      lua_pop(lua, 2);
      return RequestName{method, other_names};
    }
    names_.emplace_back(method, std::string_view{text, bytes});
    known = names_.size();
    lua_pushvalue(lua, index);
    lua_pushinteger(lua, static_cast<lua_Integer>(known));
    lua_rawset(lua, -3);
  }
  lua_pop(lua, 2);
  return names_[known - 1];
}

}  // namespace triggers::swarm
