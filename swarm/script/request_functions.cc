// How a script sends requests: it checks the arguments, writes the request, and yields. Reading the answer is in
// answer.h.

#include <fmt/format.h>

#include <algorithm>
#include <lua.hpp>
#include <string>
#include <string_view>

#include "base/percent_encoding.h"
#include "http/wire/message.h"
#include "swarm/script/lua_json.h"
#include "swarm/script/request_batch.h"
#include "swarm/script/script_functions.h"
#include "swarm/script/script_user.h"

namespace triggers::swarm {
namespace {

constexpr std::size_t path_bytes_max = 16 * 1024;
constexpr std::size_t header_bytes_max = 64 * 1024;
constexpr double timeout_max = 24 * 3600;

std::string_view text_at(lua_State* lua, int index) {
  std::size_t bytes = 0;
  const char* const text = lua_tolstring(lua, index, &bytes);
  return text == nullptr ? std::string_view{} : std::string_view{text, bytes};
}

/// The parts of the request that is being written. One for each thread, so that its buffers keep their memory.
struct Draft {
  std::string query, headers;
  std::string_view content_type;
  bool has_body = false, own_type = false;

  void clear() {
    query.clear();
    headers.clear();
    content_type = {};
    has_body = own_type = false;
  }
};

thread_local Draft draft;

bool is_token(std::string_view name) {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) {
  return value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
}

/// Raises an error unless a request may have this field.
void check_field(lua_State* lua, std::string_view name, std::string_view value) {
  if (!is_token(name)) luaL_error(lua, "a header has no name like '%s'", std::string{name.substr(0, 100)}.c_str());
  if (!is_field_value(value)) luaL_error(lua, "the value of a header has no line ends");
  for (const char* const own : {"Content-Length", "Transfer-Encoding", "Connection", "Host"}) {
    if (http::equal_ignoring_case(name, own)) luaL_error(lua, "swarm sets the header %s itself", own);
  }
}

/// Calls `use(name, value)` for each member of the table on top of the stack; both are texts.
template <class Use>
void each_member(lua_State* lua, const char* of, Use use) {
  if (!lua_istable(lua, -1)) luaL_error(lua, "%s is a table, not a %s", of, luaL_typename(lua, -1));
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    const bool named = lua_type(lua, -2) == LUA_TSTRING;
    const int type = lua_type(lua, -1);
    if (!named || (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN)) {
      luaL_error(lua, "%s has names with texts or numbers, and here a %s with a %s", of, luaL_typename(lua, -2),
                 luaL_typename(lua, -1));
    }
    if (type == LUA_TBOOLEAN) {
      use(text_at(lua, -2), std::string_view{lua_toboolean(lua, -1) != 0 ? "true" : "false"});
    } else {
      if (type == LUA_TNUMBER) lua_tolstring(lua, -1, nullptr);
      use(text_at(lua, -2), text_at(lua, -1));
    }
    lua_pop(lua, 1);
  }
}

void append_pair(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += '&';
  out.append(percent_encode(name)).append("=").append(percent_encode(value));
}

void read_headers(lua_State* lua) {
  each_member(lua, "headers", [lua](std::string_view name, std::string_view value) {
    check_field(lua, name, value);
    draft.own_type = draft.own_type || http::equal_ignoring_case(name, "Content-Type");
    draft.headers.append(name).append(": ").append(value).append("\r\n");
  });
  if (draft.headers.size() > header_bytes_max) luaL_error(lua, "the headers have over 64 KiB");
}

void read_expected(lua_State* lua, ExpectedStatuses& expected) {
  const auto add = [&](int index) {
    const double status = lua_tonumber(lua, index);
    if (status < 100 || status > 599) luaL_error(lua, "expect is a status from 100 to 599, or a list of them");
    if (expected.count == ExpectedStatuses::most)
      luaL_error(lua, "expect has over %d statuses", int{ExpectedStatuses::most});
    expected.statuses[expected.count++] = static_cast<std::uint16_t>(status);
  };
  if (!lua_istable(lua, -1)) return add(-1);
  const std::size_t size = lua_objlen(lua, -1);
  for (std::size_t i = 1; i <= size; ++i) {
    lua_rawgeti(lua, -1, static_cast<int>(i));
    add(-1);
    lua_pop(lua, 1);
  }
}

void begin_body(lua_State* lua, std::string_view content_type) {
  if (draft.has_body) luaL_error(lua, "a request has one of json, body and form");
  draft.has_body = true;
  draft.content_type = content_type;
}

void read_query(lua_State* lua) {
  if (lua_type(lua, -1) == LUA_TSTRING) {
    draft.query = text_at(lua, -1);
  } else {
    each_member(lua, "query",
                [](std::string_view name, std::string_view value) { append_pair(draft.query, name, value); });
  }
}

/// Takes the option whose name and value are on top of the stack.
void read_option(lua_State* lua, ScriptThread& thread, ScriptRequest& request, std::string_view method) {
  const std::string_view option = lua_type(lua, -2) == LUA_TSTRING ? text_at(lua, -2) : std::string_view{};
  std::string& body = thread.body;
  if (option == "json") {
    begin_body(lua, "application/json");
    append_json(body, lua, lua_gettop(lua));
  } else if (option == "name") {
    if (lua_type(lua, -1) != LUA_TSTRING) luaL_error(lua, "name is a text, not a %s", luaL_typename(lua, -1));
    request.name = thread.name(lua, method, lua_gettop(lua));
  } else if (option == "expect") {
    read_expected(lua, request.expected);
  } else if (option == "headers") {
    read_headers(lua);
  } else if (option == "query") {
    read_query(lua);
  } else if (option == "body") {
    if (lua_type(lua, -1) != LUA_TSTRING) luaL_error(lua, "body is a text, not a %s", luaL_typename(lua, -1));
    begin_body(lua, {});
    body = text_at(lua, -1);
  } else if (option == "form") {
    begin_body(lua, "application/x-www-form-urlencoded");
    each_member(lua, "form",
                [&body](std::string_view name, std::string_view value) { append_pair(body, name, value); });
  } else if (option == "timeout") {
    const double seconds = lua_tonumber(lua, -1);
    if (!(seconds > 0 && seconds <= timeout_max))
      luaL_error(lua, "timeout is a number of seconds above 0, at most a day");
    request.timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  } else {
    luaL_error(lua, "a request has no option %s: it has json, body, form, query, headers, name, expect and timeout",
               lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "without a name");
  }
}

/// Appends the user's fields, without those that the request has itself.
void append_fields(std::string& out, std::string_view fields) {
  constexpr std::string_view line_end = "\r\n";
  if (draft.headers.empty()) {
    out.append(fields);
    return;
  }
  const auto name_of = [](std::string_view line) { return line.substr(0, line.find(':')); };
  while (!fields.empty()) {
    const auto line = fields.substr(0, fields.find(line_end) + line_end.size());
    fields.remove_prefix(line.size());
    bool replaced = false;
    for (std::string_view own = draft.headers; !own.empty(); own.remove_prefix(own.find(line_end) + line_end.size())) {
      replaced = replaced || http::equal_ignoring_case(name_of(own), name_of(line));
    }
    if (!replaced) out.append(line);
  }
  out.append(draft.headers);
}

/// Writes the request with the path and the options at these places of the stack (no options: 0).
void write_request(lua_State* lua, ScriptUser& user, std::string& out, ScriptRequest& request, std::string_view method,
                   int path_index, int options_index) {
  ScriptThread& thread = *LuaState::of(lua).thread;
  if (lua_type(lua, path_index) != LUA_TSTRING) luaL_error(lua, "a request needs a path, as in self:get(\"/status\")");
  const std::string_view path = text_at(lua, path_index);
  if (path.empty() || path.front() != '/' || path.size() > path_bytes_max) {
    luaL_error(lua, "a path begins with / and has at most %d bytes", int{path_bytes_max});
  }
  if (std::any_of(path.begin(), path.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; })) {
    luaL_error(lua, "a path has no blanks and no control characters: encode them with swarm.url_encode()");
  }
  draft.clear();
  thread.body.clear();
  request = {};
  if (options_index != 0 && !lua_isnoneornil(lua, options_index)) {
    luaL_checktype(lua, options_index, LUA_TTABLE);
    lua_pushnil(lua);
    while (lua_next(lua, options_index) != 0) {
      read_option(lua, thread, request, method);
      lua_pop(lua, 1);
    }
  }
  if (!request.name) request.name = thread.name(lua, method, path_index);
  out.clear();
  out.append(method).append(" ").append(user.context().connections().target.base_path).append(path);
  if (!draft.query.empty()) {
    out.append(path.find('?') == std::string_view::npos ? "?" : "&").append(draft.query);
  }
  out.append(" HTTP/1.1\r\n");
  append_fields(out, user.fields());
  if (draft.has_body && !draft.own_type && !draft.content_type.empty()) {
    out.append("Content-Type: ").append(draft.content_type).append("\r\n");
  }
  if (draft.has_body || method == "POST" || method == "PUT" || method == "PATCH") {
    const fmt::format_int bytes(thread.body.size());
    out.append("Content-Length: ").append(bytes.data(), bytes.size()).append("\r\n");
  }
  out.append("\r\n").append(thread.body);
}

int send(lua_State* lua, std::string_view method, int path_index) {
  ScriptUser& user = user_of(lua);
  user.settle();
  ScriptYield& asked = LuaState::of(lua).thread->yielded;
  const bool has_options = lua_gettop(lua) > path_index;
  write_request(lua, user, user.request_bytes(), asked.request, method, path_index, has_options ? path_index + 1 : 0);
  asked.what = ScriptYield::What::request;
  return lua_yield(lua, 0);
}

int send_get(lua_State* lua) { return send(lua, "GET", 2); }
int send_post(lua_State* lua) { return send(lua, "POST", 2); }
int send_put(lua_State* lua) { return send(lua, "PUT", 2); }
int send_patch(lua_State* lua) { return send(lua, "PATCH", 2); }
int send_delete(lua_State* lua) { return send(lua, "DELETE", 2); }
int send_head(lua_State* lua) { return send(lua, "HEAD", 2); }
int send_options(lua_State* lua) { return send(lua, "OPTIONS", 2); }

/// The method at this index, in capitals.
std::string_view method_at(lua_State* lua, int index) {
  constexpr std::size_t most = 20;
  const std::string_view method = lua_type(lua, index) == LUA_TSTRING ? text_at(lua, index) : std::string_view{};
  const bool capitals = std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (method.empty() || method.size() > most || !capitals || method == "CONNECT") {
    luaL_error(lua, "a request needs a method in capitals, as in self:request(\"PUT\", \"/settings\")");
  }
  return method;
}

int send_any(lua_State* lua) { return send(lua, method_at(lua, 2), 3); }

/// self:batch{ {"GET", "/a"}, {"POST", "/b", {json = …}} }
int send_batch(lua_State* lua) {
  ScriptUser& user = user_of(lua);
  luaL_checktype(lua, 2, LUA_TTABLE);
  lua_settop(lua, 2);
  const std::size_t size = lua_objlen(lua, 2);
  if (size == 0 || size > RequestBatch::requests_max) {
    luaL_error(lua, "a batch has 1 to %d requests, not %d", int{RequestBatch::requests_max}, static_cast<int>(size));
  }
  user.settle();
  RequestBatch& batch = user.batch();
  batch.clear();
  for (std::size_t i = 1; i <= size; ++i) {
    lua_settop(lua, 2);
    lua_rawgeti(lua, 2, static_cast<int>(i));
    luaL_checktype(lua, 3, LUA_TTABLE);
    for (int member = 1; member <= 3; ++member) lua_rawgeti(lua, 3, member);
    const std::string_view method = method_at(lua, 4);
    std::string& out = batch.add();
    write_request(lua, user, out, batch.last(), method, 5, 6);
  }
  LuaState::of(lua).thread->yielded.what = ScriptYield::What::batch;
  return lua_yield(lua, 0);
}

int set_header(lua_State* lua) {
  ScriptUser& user = user_of(lua);
  luaL_checktype(lua, 2, LUA_TSTRING);
  const std::string_view name = text_at(lua, 2);
  const std::string_view value =
      lua_isnoneornil(lua, 3) ? std::string_view{} : (luaL_checkstring(lua, 3), text_at(lua, 3));
  check_field(lua, name, value);
  user.set_header(name, value);
  if (user.fields().size() > header_bytes_max) luaL_error(lua, "the headers of a user have over 64 KiB");
  return 0;
}

}  // namespace

void add_request_functions(lua_State* lua) {
  static constexpr luaL_Reg functions[] = {{"get", send_get},          {"post", send_post},     {"put", send_put},
                                           {"patch", send_patch},      {"delete", send_delete}, {"head", send_head},
                                           {"options", send_options},  {"request", send_any},   {"batch", send_batch},
                                           {"set_header", set_header}, {nullptr, nullptr}};
  luaL_register(lua, nullptr, functions);
}

}  // namespace triggers::swarm
