#include "swarm/script/answer.h"

#include <lua.hpp>
#include <string>
#include <string_view>

#include "swarm/script/lua_json.h"
#include "swarm/script/request_batch.h"
#include "swarm/script/script_thread.h"

namespace triggers::swarm {
namespace {

constexpr const char* type_name = "swarm.answer";

struct Answer {
  std::uint64_t serial;
  double ms;
  unsigned status;
};

Answer& self_of(lua_State* lua) { return *static_cast<Answer*>(luaL_checkudata(lua, 1, type_name)); }

/// The response, or an error of the script if its user has gone on.
Response& response_of(lua_State* lua) {
  const Answer& answer = self_of(lua);
  ScriptThread* const thread = LuaState::of(lua).thread;
  RunningScript* const user = thread == nullptr ? nullptr : thread->current;
  Response* const response = user == nullptr ? nullptr : user->answer(answer.serial);
  if (response == nullptr) {
    luaL_error(lua,
               "this answer is gone: read its body and headers, and judge it, before the user's next request or wait");
  }
  return *response;
}

void push_text(lua_State* lua, std::string_view text) { lua_pushlstring(lua, text.data(), text.size()); }

int answer_header(lua_State* lua) {
  std::size_t bytes = 0;
  const char* const name = luaL_checklstring(lua, 2, &bytes);
  Response& response = response_of(lua);
  const std::string_view value = response.status() == 0 ? std::string_view{} : response.header({name, bytes});
  if (value.empty()) return 0;
  push_text(lua, value);
  return 1;
}

/// answer:json() is nil if the body is not JSON; answer:json("path") also if it has no such member.
int answer_json(lua_State* lua) {
  Response& response = response_of(lua);
  if (response.status() == 0) return 0;
  std::size_t bytes = 0;
  const char* const path = luaL_optlstring(lua, 2, "", &bytes);
  return push_json(lua, response.body(), {path, bytes}) ? 1 : 0;
}

int answer_failure(lua_State* lua) {
  std::size_t bytes = 0;
  const char* const why = luaL_checklstring(lua, 2, &bytes);
  response_of(lua).failure({why, bytes});
  return 0;
}

int answer_success(lua_State* lua) {
  response_of(lua).success();
  return 0;
}

int answer_accepted(lua_State* lua) {
  const double events = luaL_checknumber(lua, 2);
  luaL_argcheck(lua, events >= 0 && events <= 1e6, 2, "a number of events from 0 to 1000000 expected");
  response_of(lua).accepted(static_cast<std::uint32_t>(events));
  return 0;
}

/// Methods are found in the first upvalue; the members are few.
int answer_index(lua_State* lua) {
  lua_pushvalue(lua, 2);
  lua_rawget(lua, lua_upvalueindex(1));
  if (!lua_isnil(lua, -1)) return 1;
  std::size_t bytes = 0;
  const char* const text = luaL_checklstring(lua, 2, &bytes);
  const std::string_view member{text, bytes};
  if (member == "status") {
    lua_pushinteger(lua, static_cast<lua_Integer>(self_of(lua).status));
  } else if (member == "ok") {
    const unsigned status = self_of(lua).status;
    lua_pushboolean(lua, status != 0 && status < 400);
  } else if (member == "ms") {
    lua_pushnumber(lua, self_of(lua).ms);
  } else if (member == "body") {
    Response& response = response_of(lua);
    push_text(lua, response.status() == 0 ? std::string_view{} : response.body());
  } else if (member == "error") {
    Response& response = response_of(lua);
    if (response.error().empty()) return 0;
    push_text(lua, response.error());
  } else {
    return luaL_error(lua,
                      "an answer has no %s: it has status, ok, ms, body, error, header(), json(), failure(), success() "
                      "and accepted()",
                      text);
  }
  return 1;
}

}  // namespace

void define_answers(lua_State* lua) {
  static constexpr luaL_Reg methods[] = {{"header", answer_header},     {"json", answer_json},
                                         {"failure", answer_failure},   {"success", answer_success},
                                         {"accepted", answer_accepted}, {nullptr, nullptr}};
  luaL_newmetatable(lua, type_name);
  lua_newtable(lua);
  luaL_register(lua, nullptr, methods);
  lua_pushcclosure(lua, answer_index, 1);
  lua_setfield(lua, -2, "__index");
  lua_pushstring(lua, "answer");
  lua_setfield(lua, -2, "__metatable");
  lua_pop(lua, 1);
}

void judge_by_status(Response& response, const ExpectedStatuses& expected) {
  if (expected.count == 0 || response.status() == 0) return;
  if (!expected.allow(response.status())) {
    response.failure(std::to_string(response.status()) + " instead of " + expected.text());
  } else if (response.status() >= 400) {
    response.success();
  }
}

void push_answer(lua_State* lua, ScriptThread&, const Response& response, std::uint64_t serial) {
  auto* const answer = static_cast<Answer*>(lua_newuserdata(lua, sizeof(Answer)));
  *answer = {.serial = serial,
             .ms = std::chrono::duration<double, std::milli>(response.latency()).count(),
             .status = response.status()};
  luaL_getmetatable(lua, type_name);
  lua_setmetatable(lua, -2);
}

std::uint64_t push_answers(lua_State* lua, ScriptThread& thread, RequestBatch& batch) {
  lua_createtable(lua, static_cast<int>(batch.size()), 0);
  const std::uint64_t first = thread.next_serial();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Response& response = *batch.answer(i);
    judge_by_status(response, batch.request(i).expected);
    push_answer(lua, thread, response, i == 0 ? first : thread.next_serial());
    lua_rawseti(lua, -2, static_cast<int>(i + 1));
  }
  return first;
}

}  // namespace triggers::swarm
