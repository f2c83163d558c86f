#pragma once

// A script of the program: reading it, its options, and declaring its classes of users. How its users run is in
// script_user.h.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "swarm/script/declarations.h"
#include "swarm/script/script_file.h"

namespace triggers::swarm {

class LuaState;

/// A script whose users can run. It must outlive them.
class Script {
 public:
  /// Reads the file and runs it once, so that options() are known. Error: `invalid_argument`, with file and line.
  static Result<std::unique_ptr<Script>> read(const std::string& path);

  /// The values may be set until declare_users().
  [[nodiscard]] std::vector<ScriptOption>& options() noexcept { return file_->options.all(); }
  /// Only tasks with one of `tags` run, if there are any, and none with one of `excluded`. Until declare_users().
  void choose_tags(std::vector<std::string> tags, std::vector<std::string> excluded);
  /// Runs the file again, with these options, and puts its classes of users in the place of all others. Call it once,
  /// before a load starts. Error: `invalid_argument`.
  Status declare_users();
  ~Script();

 private:
  explicit Script(std::unique_ptr<ScriptFile> file);
  Status check(const ScriptClass& of) const;

  std::unique_ptr<ScriptFile> file_;
  std::unique_ptr<LuaState> state_;  // of the run that declared the users
  Declarations declarations_;
};

}  // namespace triggers::swarm
