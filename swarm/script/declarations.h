#pragma once

// What a script has declared, as values: classes of users, task sets, tasks, waits. The Lua side of it is prelude.h;
// making user classes of it is in script.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

struct lua_State;

namespace triggers::swarm {

/// A function or table in the registry of a Lua state; none if 0.
using LuaReference = int;

/// How long a user waits after a task.
struct ScriptWait {
  enum class Kind : std::uint8_t { none, between, constant, pacing, throughput, poisson, function };
  Kind kind = Kind::none;
  double first = 0, second = 0;
  LuaReference function = 0;
};

struct ScriptTask {
  std::string name;
  unsigned weight = 1;
  LuaReference run = 0;
  std::size_t set = 0;  ///< Not a function but this one of the sets, counted from 1.
};

/// The tasks of a class of users, or of a task set.
struct ScriptTasks {
  std::string name;
  std::vector<ScriptTask> tasks;
  unsigned weights = 0;  ///< Of all tasks together.
  bool sequential = false;
  ScriptWait wait;
  LuaReference table = 0, on_start = 0, on_stop = 0;

  /// The task to which this part of the weights belongs; `random` is uniform in [0, 1).
  [[nodiscard]] const ScriptTask& choose(double random) const;
  /// The task at this place of the order in which each task has its weight of turns; it begins again after the last.
  [[nodiscard]] const ScriptTask& at(std::size_t turn) const;
};

struct ScriptClass {
  ScriptTasks tasks;
  double weight = 1;
  std::size_t fixed_count = 0;
  bool only_if_named = false;
  LuaReference needs = 0;  ///< Returns what is missing before the users can start, if anything.
};

struct Declarations {
  std::vector<ScriptClass> classes;
  std::vector<ScriptTasks> sets;

  /// Reads the table that the prelude has made. References are those of this state.
  static Declarations read(lua_State* lua, LuaReference declared);
  /// True if both come from the same text and the same options, so that classes and sets have the same numbers.
  [[nodiscard]] bool agree(const Declarations& other) const;
};

}  // namespace triggers::swarm
