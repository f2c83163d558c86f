#pragma once

// Finds Lua code that never ends, and makes it raise an error with its line. The state that it guards is in
// lua_state.h.

#include <signal.h>
#include <time.h>

#include <cstdint>

struct lua_State;

namespace triggers::swarm {

/// Lua code that keeps its thread busy for more than `busy_max` without a request, a wait or its end raises an error.
/// Measured in CPU time of the thread, so a busy machine changes nothing.
///
/// A timer interrupts the thread with SIGVTALRM ten times per second of CPU time. If the same piece of Lua code has run
/// for all of `busy_max`, the handler sets a hook, as LuaJIT's own program does for CTRL+C. The hook raises the error
/// at the next instruction. Compiled traces would never look at the hook: so the compiler stays off (docs/decisions).
///
/// One thread uses a guard: the one that calls begin() first.
class LoopGuard {
 public:
  static constexpr int busy_seconds_max = 1;

  LoopGuard() = default;
  LoopGuard(const LoopGuard&) = delete;
  LoopGuard& operator=(const LoopGuard&) = delete;
  ~LoopGuard();

  /// Lua code of this state begins to run, until end().
  void begin(lua_State* lua) {
    if (!started_) start();
    lua_ = lua;
    runs_ = runs_ + 1;
  }
  void end() {
    lua_State* const lua = lua_;
    lua_ = nullptr;
    if (hooked_) unhook(lua);
  }

 private:
  void start();
  void unhook(lua_State* lua);
  void tick();
  static void on_signal(int, siginfo_t* info, void*);

  // What the signal handler reads. It runs on the same thread.
  lua_State* volatile lua_ = nullptr;
  volatile std::uint64_t runs_ = 0;
  volatile bool hooked_ = false;
  std::uint64_t seen_runs_ = 0;
  int ticks_ = 0;
  bool started_ = false;
  void* timer_ = nullptr;  // a timer_t
};

}  // namespace triggers::swarm
