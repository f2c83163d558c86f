#include "swarm/script/script_user.h"

#include <algorithm>
#include <cmath>
#include <lua.hpp>
#include <utility>

#include "base/invariant.h"
#include "swarm/script/answer.h"

namespace triggers::swarm {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace {

nanoseconds seconds(double value) {
  constexpr double most = 1e6;
  if (!(value > 0)) return nanoseconds{0};
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(std::min(value, most)));
}

}  // namespace

ScriptUser::ScriptUser(UserContext& context, ScriptThread& thread, std::size_t class_number)
    : User(context), thread_(thread), class_number_(class_number) {}

ScriptUser::~ScriptUser() {
  settle();
  if (!thread_.failure().empty()) return;
  drop_coroutine();
  release(self_);
  for (const Level& level : levels_) release(level.self);
}

void ScriptUser::release(LuaReference reference) {
  if (reference != 0) luaL_unref(thread_.state().lua(), LUA_REGISTRYINDEX, reference);
}

// ---- the life of a user

Task<void> ScriptUser::on_start() {
  if (!thread_.failure().empty()) {
    context().recorder().record_exception(thread_.failure(), "loading the script on a load thread");
    leave();
    co_return;
  }
  self_ = make_self(own());
  if (own().on_start == 0) co_return;
  const Ended ended = co_await run(own().on_start, self_, own().name, "on_start");
  if (ended == Ended::with_error || ended == Ended::left_user) leave();
}

bool ScriptUser::has_on_stop() const {
  if (!thread_.failure().empty() || self_ == 0) return false;
  return own().on_stop != 0 ||
         std::any_of(levels_.begin(), levels_.end(), [](const Level& level) { return level.set->on_stop != 0; });
}

Task<void> ScriptUser::on_stop() {
  settle();
  drop_coroutine();  // it may be in the middle of a task
  while (!levels_.empty()) co_await leave_set();
  if (own().on_stop != 0) static_cast<void>(co_await run(own().on_stop, self_, own().name, "on_stop"));
}

Task<void> ScriptUser::run_task(std::size_t number) {
  task_began_ = steady_clock::now();
  const Ended ended = co_await run_entry(own().tasks[number], own(), self_);
  if (ended != Ended::normally) co_await after_task(ended);
}

Task<void> ScriptUser::run_own_task() {
  task_began_ = steady_clock::now();
  Level& level = levels_.back();
  const ScriptTask& task = choose(level);
  const Ended ended = co_await run_entry(task, *level.set, level.self);
  if (ended != Ended::normally) co_await after_task(ended);
}

const ScriptTask& ScriptUser::choose(Level& level) {
  return level.set->sequential ? level.set->at(level.turn++) : level.set->choose(random().unit());
}

Task<ScriptUser::Ended> ScriptUser::run_entry(const ScriptTask& task, const ScriptTasks& owner, LuaReference self) {
  if (task.set == 0) {
    const Ended ended = co_await run(task.run, self, owner.name, task.name);
    co_return ended;
  }
  const ScriptTasks& set = thread_.declarations().sets[task.set - 1];
  levels_.push_back({.set = &set, .self = make_self(set)});
  if (set.on_start != 0) {
    const Ended ended = co_await run(set.on_start, levels_.back().self, set.name, "on_start");
    if (ended == Ended::with_error) co_await leave_set();
    if (ended != Ended::normally) co_return ended;
  }
  const ScriptTask& first = choose(levels_.back());
  const Ended ended = co_await run_entry(first, set, levels_.back().self);
  co_return ended;
}

Task<void> ScriptUser::after_task(Ended ended) {
  if (ended == Ended::left_user) leave();
  if (ended != Ended::left_set || levels_.empty()) co_return;
  const bool reschedule = skip_wait_;  // on_stop may wait
  co_await leave_set();
  skip_wait_ = reschedule;
}

Task<void> ScriptUser::leave_set() {
  const Level left = levels_.back();
  if (left.set->on_stop != 0) static_cast<void>(co_await run(left.set->on_stop, left.self, left.set->name, "on_stop"));
  levels_.pop_back();
  release(left.self);
}

std::optional<nanoseconds> ScriptUser::own_wait() {
  if (std::exchange(skip_wait_, false)) return nanoseconds{0};
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    if (level->set->wait.kind != ScriptWait::Kind::none) return draw(level->set->wait);
  }
  return draw(own().wait);
}

nanoseconds ScriptUser::draw(const ScriptWait& wait) {
  const auto since = [this](double period) {
    return std::max(nanoseconds{0}, nanoseconds{task_began_ + seconds(period) - steady_clock::now()});
  };
  switch (wait.kind) {
    case ScriptWait::Kind::none: return nanoseconds{0};
    case ScriptWait::Kind::between: return seconds(wait.first + random().unit() * (wait.second - wait.first));
    case ScriptWait::Kind::constant: return seconds(wait.first);
    case ScriptWait::Kind::pacing: return since(wait.first);
    case ScriptWait::Kind::throughput: return since(1 / wait.first);
    case ScriptWait::Kind::poisson: return seconds(-std::log1p(-random().unit()) / wait.first);
    case ScriptWait::Kind::function: return seconds(call_wait(wait));
  }
  return nanoseconds{0};
}

double ScriptUser::call_wait(const ScriptWait& wait) {
  lua_State* const lua = thread_.state().lua();
  lua_rawgeti(lua, LUA_REGISTRYINDEX, wait.function);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, levels_.empty() ? self_ : levels_.back().self);
  const int status = thread_.state().call(1, 1);
  double result = 0;
  if (status != 0) {
    context().recorder().record_exception(LuaState::error_text(lua), own().name + ".wait_time");
  } else if (lua_isnumber(lua, -1) == 0) {
    context().recorder().record_exception("wait_time() returned no number", own().name + ".wait_time");
  } else {
    result = lua_tonumber(lua, -1);
  }
  lua_settop(lua, 0);
  return result;
}

// ---- the Lua coroutine

LuaReference ScriptUser::make_self(const ScriptTasks& tasks) {
  lua_State* const lua = thread_.state().lua();
  lua_newtable(lua);
  if (self_ != 0) {  // of a task set
    lua_rawgeti(lua, LUA_REGISTRYINDEX, self_);
    lua_setfield(lua, -2, "user");
    lua_rawgeti(lua, LUA_REGISTRYINDEX, levels_.empty() ? self_ : levels_.back().self);
    lua_setfield(lua, -2, "parent");
  } else {
    lua_pushinteger(lua, static_cast<lua_Integer>(context().number()));
    lua_setfield(lua, -2, "number");
  }
  lua_rawgeti(lua, LUA_REGISTRYINDEX, tasks.table);
  lua_setmetatable(lua, -2);
  return luaL_ref(lua, LUA_REGISTRYINDEX);
}

void ScriptUser::prepare_coroutine() {
  if (coroutine_ != nullptr) return;
  coroutine_ = lua_newthread(thread_.state().lua());
  coroutine_reference_ = luaL_ref(thread_.state().lua(), LUA_REGISTRYINDEX);
}

void ScriptUser::drop_coroutine() {
  release(std::exchange(coroutine_reference_, 0));
  coroutine_ = nullptr;
}

Task<ScriptUser::Ended> ScriptUser::run(LuaReference function, LuaReference self, std::string_view owner,
                                        std::string_view name) {
  prepare_coroutine();
  lua_rawgeti(coroutine_, LUA_REGISTRYINDEX, function);
  lua_rawgeti(coroutine_, LUA_REGISTRYINDEX, self);
  int arguments = 1;
  for (;;) {
    thread_.current = this;
    const int status = thread_.state().resume(coroutine_, arguments);
    thread_.current = nullptr;
    if (status == 0) {
      lua_settop(coroutine_, 0);
      settle();
      co_return Ended::normally;
    }
    if (status != LUA_YIELD) {
      record_error(owner, name);
      settle();
      drop_coroutine();
      co_return Ended::with_error;
    }
    const ScriptYield asked = thread_.yielded;  // other users yield too while this one waits
    arguments = 0;
    switch (asked.what) {
      case ScriptYield::What::request: {
        Response response = co_await send(*asked.request.name, asked.request.timeout);
        answer_.emplace(std::move(response));
        arguments = push_answer(asked.request);
        break;
      }
      case ScriptYield::What::batch: {
        RequestBatch::Awaiter all(*batch_);
        co_await all;
        serial_ = push_answers(coroutine_, thread_, *batch_);
        arguments = 1;
        break;
      }
      case ScriptYield::What::wait: {
        settle();
        co_await pause(asked.time);
        break;
      }
      default: {
        settle();
        drop_coroutine();
        skip_wait_ = asked.what == ScriptYield::What::leave_set && asked.reschedule;
        co_return asked.what == ScriptYield::What::leave_set ? Ended::left_set
        : asked.what == ScriptYield::What::leave_user        ? Ended::left_user
                                                             : Ended::with_error;
      }
    }
  }
}

int ScriptUser::push_answer(const ScriptRequest& request) {
  judge_by_status(*answer_, request.expected);
  serial_ = thread_.next_serial();
  triggers::swarm::push_answer(coroutine_, thread_, *answer_, serial_);
  return 1;
}

void ScriptUser::record_error(std::string_view owner, std::string_view name) {
  const std::string message = LuaState::error_text(coroutine_);
  lua_State* const lua = thread_.state().lua();
  luaL_traceback(lua, coroutine_, nullptr, 0);
  std::string traceback{owner};
  traceback.append(".").append(name).append("\n").append(lua_tostring(lua, -1));
  lua_pop(lua, 1);
  context().recorder().record_exception(message, traceback);
}

// ---- what the functions of the script use

void ScriptUser::settle() {
  answer_.reset();
  if (batch_ != nullptr) batch_->clear();
  serial_ = 0;
}

Response* ScriptUser::answer(std::uint64_t serial) noexcept {
  if (serial_ == 0 || serial < serial_) return nullptr;
  if (answer_) return serial == serial_ ? &*answer_ : nullptr;
  return batch_ == nullptr ? nullptr : batch_->answer(serial - serial_);
}

RequestBatch& ScriptUser::batch() {
  if (batch_ == nullptr) batch_ = std::make_unique<RequestBatch>(context());
  return *batch_;
}

}  // namespace triggers::swarm
