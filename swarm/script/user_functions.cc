// What a user of a script does beside requests: it waits, leaves, fails, and records what swarm has not sent. Requests
// are in request_functions.cc.

#include <cmath>
#include <lua.hpp>
#include <string_view>

#include "swarm/load/failure_text.h"
#include "swarm/script/script_functions.h"
#include "swarm/script/script_user.h"

namespace triggers::swarm {
namespace {

using What = ScriptYield::What;

constexpr double wait_max = 1e6;
constexpr double milliseconds_max = 1e9;

std::string_view text_argument(lua_State* lua, int index) {
  std::size_t bytes = 0;
  const char* const text = luaL_checklstring(lua, index, &bytes);
  return {text, bytes};
}

int yield(lua_State* lua, What what) {
  user_of(lua).settle();
  LuaState::of(lua).thread->yielded.what = what;
  return lua_yield(lua, 0);
}

int wait(lua_State* lua) {
  const double seconds = luaL_checknumber(lua, 2);
  luaL_argcheck(lua, seconds >= 0 && seconds <= wait_max, 2, "a number of seconds from 0 to 1000000 expected");
  static_cast<void>(user_of(lua));
  LuaState::of(lua).thread->yielded.time =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  return yield(lua, What::wait);
}

/// Leaves the innermost task set. `false`: waits before the next task.
int interrupt(lua_State* lua) {
  if (!user_of(lua).in_set()) luaL_error(lua, "interrupt() leaves a task set, and this task is in none");
  LuaState::of(lua).thread->yielded.reschedule = lua_isnoneornil(lua, 2) || lua_toboolean(lua, 2) != 0;
  return yield(lua, What::leave_set);
}

int stop(lua_State* lua) { return yield(lua, What::leave_user); }

/// Ends the task; what it says counts as an exception, with its line.
int fail(lua_State* lua) {
  const std::string_view why = text_argument(lua, 2);
  ScriptUser& user = user_of(lua);
  luaL_where(lua, 1);
  const std::string place = lua_tostring(lua, -1);
  user.context().recorder().record_exception(place + std::string{why}, "fail()");
  return yield(lua, What::leave_task);
}

int abort_test(lua_State* lua) {
  const std::string_view why = text_argument(lua, 2);
  if (StartWatch* const start = user_of(lua).context().connections().start) start->refused(std::string{why});
  return 0;
}

double number_member(lua_State* lua, int table, const char* name, double most) {
  lua_getfield(lua, table, name);
  const double value = lua_isnil(lua, -1) ? 0 : lua_tonumber(lua, -1);
  if (!(value >= 0 && value <= most)) luaL_error(lua, "%s is a number from 0 to %f", name, most);
  lua_pop(lua, 1);
  return value;
}

/// self:record("gRPC", "name", {ms = 1.5, bytes = 100, error = "why"}): a row of the tables for what swarm has not sent
/// itself, as Locust's events.request.
int record(lua_State* lua) {
  ScriptUser& user = user_of(lua);
  const std::string_view type = text_argument(lua, 2);
  luaL_checktype(lua, 3, LUA_TSTRING);
  luaL_checktype(lua, 4, LUA_TTABLE);
  const RequestName name = LuaState::of(lua).thread->name(lua, type, 3);
  Sample sample;
  sample.latency = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double, std::milli>(number_member(lua, 4, "ms", milliseconds_max)));
  sample.content_bytes = static_cast<std::uint64_t>(number_member(lua, 4, "bytes", 1e15));
  const auto now = std::chrono::steady_clock::now();
  sample.finished = epoch_at(now);
  lua_getfield(lua, 4, "error");
  if (lua_isnil(lua, -1)) {
    user.context().recorder().record(name, sample, now);
  } else {
    sample.failed = true;
    user.context().recorder().record_failure(name, sample, now, caught_failure(text_argument(lua, -1)));
  }
  user.context().count_request();
  return 0;
}

}  // namespace

void add_user_functions(lua_State* lua) {
  static constexpr luaL_Reg functions[] = {{"wait", wait},    {"interrupt", interrupt}, {"stop", stop},
                                           {"fail", fail},    {"record", record},       {"abort_test", abort_test},
                                           {nullptr, nullptr}};
  luaL_register(lua, nullptr, functions);
}

}  // namespace triggers::swarm
