#include "swarm/script/lua_state.h"

#include <cstdlib>
#include <lua.hpp>

#include "base/invariant.h"
#include "swarm/script/prelude.h"
#include "swarm/script/script_file.h"

namespace triggers::swarm {
namespace {

/// Everything of Lua's libraries that can reach a file, a process, compiled code or the memory's management.
constexpr const char* removed[] = {"dofile",   "loadfile", "load", "loadstring", "require", "module", "collectgarbage",
                                   "newproxy", "gcinfo",   "jit",  "package",    "getfenv", "setfenv"};

void open_library(lua_State* lua, const char* name, lua_CFunction open) {
  lua_pushcfunction(lua, open);
  lua_pushstring(lua, name);
  lua_call(lua, 1, 0);
}

void remove_member(lua_State* lua, const char* table, const char* member) {
  lua_getglobal(lua, table);
  lua_pushnil(lua);
  lua_setfield(lua, -2, member);
  lua_pop(lua, 1);
}

/// Keeps of `os` what only tells the time.
void keep_clocks(lua_State* lua) {
  lua_newtable(lua);
  lua_getglobal(lua, "os");
  for (const char* const kept : {"time", "date", "clock", "difftime"}) {
    lua_getfield(lua, -1, kept);
    lua_setfield(lua, -3, kept);
  }
  lua_pop(lua, 1);
  lua_setglobal(lua, "os");
}

void open_sandbox(lua_State* lua) {
  open_library(lua, "", luaopen_base);
  open_library(lua, LUA_STRLIBNAME, luaopen_string);
  open_library(lua, LUA_TABLIBNAME, luaopen_table);
  open_library(lua, LUA_MATHLIBNAME, luaopen_math);
  open_library(lua, LUA_BITLIBNAME, luaopen_bit);
  open_library(lua, LUA_OSLIBNAME, luaopen_os);
  for (const char* const name : removed) {
    lua_pushnil(lua);
    lua_setglobal(lua, name);
  }
  remove_member(lua, "string", "dump");
  keep_clocks(lua);
  luaJIT_setmode(lua, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
}

}  // namespace

LuaState::LuaState(const ScriptFile& file, Opener opener) : file_(file), opener_(opener) {}

int LuaState::open_protected(lua_State* lua) {
  open_sandbox(lua);
  of(lua).opener_(lua);
  return 0;
}

LuaState::~LuaState() {
  if (lua_ != nullptr) lua_close(lua_);
}

LuaState& LuaState::of(lua_State* lua) {
  void* state = nullptr;
  lua_getallocf(lua, &state);
  return *static_cast<LuaState*>(state);
}

void* LuaState::allocate(void* state, void* block, std::size_t old_bytes, std::size_t bytes) {
  auto& self = *static_cast<LuaState*>(state);
  if (bytes == 0) {
    std::free(block);
    self.bytes_ -= old_bytes;
    return nullptr;
  }
  const std::size_t had = block == nullptr ? 0 : old_bytes;
  if (self.limited_ && bytes > had && self.bytes_ + bytes - had > bytes_max) return nullptr;
  void* const changed = std::realloc(block, bytes);
  if (changed != nullptr) self.bytes_ += bytes - had;
  return changed;
}

Result<std::unique_ptr<LuaState>> LuaState::run(const ScriptFile& file, Opener open) {
  std::unique_ptr<LuaState> state{new LuaState(file, open)};
  state->lua_ = lua_newstate(allocate, state.get());
  if (state->lua_ == nullptr) return Error{ErrorCode::internal, "no memory for a script"};
  if (const Status opened = state->open(); !opened) return opened.error();
  return state;
}

Status LuaState::open() {
  const auto failed = [this](std::string_view text = {}) {
    return Error{ErrorCode::invalid_argument, std::string{text} + error_text(lua_)};
  };
  if (lua_cpcall(lua_, open_protected, nullptr) != 0) return failed();
  // The prelude defines classes in Lua. It returns a function that lists what the script has declared.
  if (luaL_loadbuffer(lua_, prelude.data(), prelude.size(), "=swarm") != 0) return failed();
  if (call(0, 1) != 0) return failed();
  if (luaL_loadbuffer(lua_, file_.text.data(), file_.text.size(), ("@" + file_.name).c_str()) != 0) return failed();
  if (call(0, 0) != 0) return failed();
  if (call(0, 1) != 0) return failed(file_.name + ": ");
  declared = luaL_ref(lua_, LUA_REGISTRYINDEX);
  return Done{};
}

int LuaState::resume(lua_State* coroutine, int arguments) {
  limited_ = true;
  guard_.begin(coroutine);
  const int status = lua_resume(coroutine, arguments);
  guard_.end();
  limited_ = false;
  collect_after(status);
  return status;
}

int LuaState::call(int arguments, int results) {
  limited_ = true;
  guard_.begin(lua_);
  const int status = lua_pcall(lua_, arguments, results, 0);
  guard_.end();
  limited_ = false;
  collect_after(status);
  return status;
}

/// Lua does not collect garbage when its memory has run out; it only raises the error.
void LuaState::collect_after(int status) {
  if (status == LUA_ERRMEM) lua_gc(lua_, LUA_GCCOLLECT, 0);
}

std::string LuaState::error_text(lua_State* lua) {
  std::size_t bytes = 0;
  if (lua_type(lua, -1) == LUA_TSTRING) {
    const char* const text = lua_tolstring(lua, -1, &bytes);
    return {text, bytes};
  }
  return std::string{"an error that is not a text but a "} + luaL_typename(lua, -1);
}

}  // namespace triggers::swarm
