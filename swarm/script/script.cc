#include "swarm/script/script.h"

#include <lua.hpp>

#include "swarm/load/user_class.h"
#include "swarm/script/lua_state.h"
#include "swarm/script/script_functions.h"
#include "swarm/script/script_thread.h"
#include "swarm/script/script_user.h"

namespace triggers::swarm {

Script::Script(std::unique_ptr<ScriptFile> file) : file_(std::move(file)) {}
Script::~Script() = default;

Result<std::unique_ptr<Script>> Script::read(const std::string& path) {
  auto file = ScriptFile::read(path);
  if (!file) return file.error();
  std::unique_ptr<Script> script{new Script(std::move(*file))};
  if (auto state = LuaState::run(*script->file_, open_script_functions); !state) return state.error();
  return script;
}

void Script::choose_tags(std::vector<std::string> tags, std::vector<std::string> excluded) {
  file_->tags = std::move(tags);
  file_->excluded_tags = std::move(excluded);
}

Status Script::declare_users() {
  file_->options.close();
  auto state = LuaState::run(*file_, open_script_functions);
  if (!state) return state.error();
  state_ = std::move(*state);
  declarations_ = Declarations::read(state_->lua(), state_->declared);
  UserClass::forget_all();
  for (std::size_t number = 0; number < declarations_.classes.size(); ++number) {
    const ScriptClass& one = declarations_.classes[number];
    UserClass& declared = UserClass::declare(one.tasks.name, [this, number](UserContext& context) {
      const ScriptSource source{.file = *file_, .declarations = declarations_, .open = open_script_functions};
      return std::make_unique<ScriptUser>(context, ScriptThread::of(context.connections(), source), number);
    });
    declared.weighs(one.weight).fixed_count(one.fixed_count);
    if (one.only_if_named) declared.only_if_named();
    if (one.needs != 0) declared.needs([this, &one] { return check(one); });
    for (std::size_t task = 0; task < one.tasks.tasks.size(); ++task) {
      declared.task(one.tasks.tasks[task].name, one.tasks.tasks[task].weight,
                    [task](User& user) { return static_cast<ScriptUser&>(user).run_task(task); });
    }
  }
  return Done{};
}

/// Calls the class's needs().
Status Script::check(const ScriptClass& of) const {
  lua_State* const lua = state_->lua();
  lua_rawgeti(lua, LUA_REGISTRYINDEX, of.needs);
  const bool failed = state_->call(0, 1) != 0;
  Status checked = Done{};
  if (failed || !lua_isnil(lua, -1)) {
    checked = Error{ErrorCode::invalid_argument, LuaState::error_text(lua)};
  }
  lua_settop(lua, 0);
  return checked;
}

}  // namespace triggers::swarm
