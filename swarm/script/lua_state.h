#pragma once

// One Lua state in its sandbox: its memory limit, the check for endless loops, and running code in it. The functions
// that a script may call are in script_functions.h; which users it declares is in declarations.h.

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "swarm/load/random.h"
#include "swarm/script/loop_guard.h"

struct lua_State;

namespace triggers::swarm {

struct ScriptFile;
class ScriptThread;

/// A Lua state that has run a script. A script has no files but its data files, no processes, no other libraries, and
/// no compiled code; it uses at most `bytes_max` of memory. Not thread-safe: one thread uses it.
class LuaState {
 public:
  static constexpr std::size_t bytes_max = std::size_t{1} << 30;

  /// Adds the functions that a script may call.
  using Opener = void (*)(lua_State*);
  /// Runs the file. Error: `invalid_argument`, with file and line. `file` must outlive the state.
  static Result<std::unique_ptr<LuaState>> run(const ScriptFile& file, Opener open);
  LuaState(const LuaState&) = delete;
  LuaState& operator=(const LuaState&) = delete;
  ~LuaState();

  /// The state that this Lua thread belongs to.
  [[nodiscard]] static LuaState& of(lua_State* lua);

  [[nodiscard]] lua_State* lua() noexcept { return lua_; }
  [[nodiscard]] const ScriptFile& file() const noexcept { return file_; }
  [[nodiscard]] Random& random() noexcept { return random_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// The load thread that uses the state; null while the file only declares its users.
  ScriptThread* thread = nullptr;

  /// As lua_resume(), within the limits. A status other than 0 and LUA_YIELD leaves the error on the coroutine's stack.
  int resume(lua_State* coroutine, int arguments);
  /// As lua_pcall() without results kept but `results`, within the limits.
  int call(int arguments, int results);
  /// The error on the stack of `lua`, as a text.
  [[nodiscard]] static std::string error_text(lua_State* lua);

  /// What the script has declared (declarations.h): a reference in Lua's registry.
  int declared = 0;

 private:
  LuaState(const ScriptFile& file, Opener opener);
  static int open_protected(lua_State* lua);
  Status open();
  void collect_after(int status);
  static void* allocate(void* state, void* block, std::size_t old_bytes, std::size_t bytes);

  const ScriptFile& file_;
  const Opener opener_;
  Random random_;
  std::size_t bytes_ = 0;
  bool limited_ = false;  // only while Lua code runs: elsewhere nothing could catch the error
  LoopGuard guard_;
  lua_State* lua_ = nullptr;
};

}  // namespace triggers::swarm
