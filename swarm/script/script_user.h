#pragma once

// One user of a script: its Lua coroutine, the task sets that it is in, its requests and their answers. What a script
// may call is in script_functions.h.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "swarm/load/user.h"
#include "swarm/script/declarations.h"
#include "swarm/script/request_batch.h"
#include "swarm/script/script_thread.h"

struct lua_State;

namespace triggers::swarm {

/// A user whose tasks are functions of a script. Each task runs in a Lua coroutine, which yields while a request or a
/// wait is under way. An error in a task counts as an exception with its file and line, and ends the task.
class ScriptUser final : public User, public RunningScript {
 public:
  ScriptUser(UserContext& context, ScriptThread& thread, std::size_t class_number);
  ~ScriptUser() override;

  Task<void> on_start() override;
  [[nodiscard]] bool has_on_stop() const override;
  Task<void> on_stop() override;
  [[nodiscard]] bool chooses_task() const override { return !levels_.empty(); }
  Task<void> run_own_task() override;
  [[nodiscard]] std::optional<std::chrono::nanoseconds> own_wait() override;
  /// Runs a task of the class, or enters the task set that it names.
  Task<void> run_task(std::size_t number);

  // For the functions of the script.
  using User::context;
  using User::fields;
  using User::request_bytes;
  using User::set_header;
  [[nodiscard]] lua_State* coroutine() const noexcept { return coroutine_; }
  [[nodiscard]] bool in_set() const noexcept { return !levels_.empty(); }
  /// Counts the last answers as they are: they cannot be judged any more.
  void settle();
  [[nodiscard]] Response* answer(std::uint64_t serial) noexcept override;
  [[nodiscard]] RequestBatch& batch();

 private:
  enum class Ended : std::uint8_t { normally, with_error, left_set, left_user };
  struct Level {
    const ScriptTasks* set;
    LuaReference self;
    std::size_t turn = 0;
  };

  [[nodiscard]] const ScriptTasks& own() const { return thread_.declarations().classes[class_number_].tasks; }
  LuaReference make_self(const ScriptTasks& tasks);
  void release(LuaReference reference);
  void prepare_coroutine();
  void drop_coroutine();
  /// Runs a function until it has ended. `owner` and `name` say which it is; they outlive the user.
  Task<Ended> run(LuaReference function, LuaReference self, std::string_view owner, std::string_view name);
  /// Runs a task; of a task set, its start and its first task.
  Task<Ended> run_entry(const ScriptTask& task, const ScriptTasks& owner, LuaReference self);
  [[nodiscard]] const ScriptTask& choose(Level& level);
  Task<void> leave_set();
  Task<void> after_task(Ended ended);
  int push_answer(const ScriptRequest& request);
  void record_error(std::string_view owner, std::string_view name);
  [[nodiscard]] std::chrono::nanoseconds draw(const ScriptWait& wait);
  [[nodiscard]] double call_wait(const ScriptWait& wait);

  ScriptThread& thread_;
  const std::size_t class_number_;
  lua_State* coroutine_ = nullptr;
  LuaReference coroutine_reference_ = 0;
  LuaReference self_ = 0;
  bool skip_wait_ = false;
  std::vector<Level> levels_;  // the task sets, the innermost last
  MonotonicTime task_began_{};
  std::optional<Response> answer_;
  std::uint64_t serial_ = 0;  // of answer_, or of the first answer of batch_
  std::unique_ptr<RequestBatch> batch_;
};

}  // namespace triggers::swarm
