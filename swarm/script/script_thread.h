#pragma once

// What the users of a script share on one load thread: the Lua state, its declarations, the user that runs, and what a
// function of the script has asked for. One user is in script_user.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "swarm/load/user.h"
#include "swarm/script/declarations.h"
#include "swarm/script/lua_state.h"
#include "swarm/stats/request_name.h"

namespace triggers::swarm {

/// What every load thread needs to run a script.
struct ScriptSource {
  const ScriptFile& file;
  const Declarations& declarations;  ///< Those of the program's user classes.
  LuaState::Opener open;
};

/// A user of a script while its code runs.
class RunningScript {
 public:
  /// The response that the answer with this serial number stands for; null once the user has gone on.
  [[nodiscard]] virtual Response* answer(std::uint64_t serial) noexcept = 0;

 protected:
  ~RunningScript() = default;
};

/// The statuses that a request expects; any below 400 if there are none.
struct ExpectedStatuses {
  static constexpr std::size_t most = 8;
  std::uint16_t statuses[most] = {};
  std::uint8_t count = 0;

  [[nodiscard]] bool allow(unsigned status) const noexcept;
  /// `201`, or `200 or 204`.
  [[nodiscard]] std::string text() const;
};

/// How a script's request is sent and counted.
struct ScriptRequest {
  std::optional<RequestName> name;
  std::optional<std::chrono::nanoseconds> timeout;
  ExpectedStatuses expected;
};

/// What a script's function asks of its load thread when it yields.
struct ScriptYield {
  enum class What : std::uint8_t { request, batch, wait, leave_task, leave_set, leave_user };
  What what = What::request;
  ScriptRequest request;
  std::chrono::nanoseconds time{};  ///< Of a wait.
  bool reschedule = true;           ///< After leave_set: the next task begins at once.
};

/// A script on one load thread. Made when its first user starts.
class ScriptThread final : public ThreadState {
 public:
  /// Distinct names of requests on one thread. More count together, as `other_names`.
  static constexpr std::size_t names_max = 5000;
  static constexpr std::string_view other_names = "(other names)";

  /// That of this load thread.
  static ScriptThread& of(ConnectionContext& context, const ScriptSource& source);
  /// Runs the file once more; failure() says why it did not work.
  explicit ScriptThread(const ScriptSource& source);

  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] LuaState& state() noexcept { return *state_; }
  [[nodiscard]] const Declarations& declarations() const noexcept { return declarations_; }

  /// The row for requests of this method that count as the text at this index of Lua's stack.
  RequestName name(lua_State* lua, std::string_view method, int index);
  /// A number that no other answer of this thread has.
  std::uint64_t next_serial() noexcept { return ++serial_; }

  RunningScript* current = nullptr;  ///< The user whose code runs.
  ScriptYield yielded;               ///< What that code has asked for.
  std::string body;                  ///< Room for the body of the request that is being written.

 private:
  std::unique_ptr<LuaState> state_;
  Declarations declarations_;
  std::string failure_;
  std::vector<RequestName> names_;
  LuaReference names_by_method_ = 0;  // a table by method, of tables by text, of numbers in names_ counted from 1
  std::uint64_t serial_ = 0;
};

}  // namespace triggers::swarm
