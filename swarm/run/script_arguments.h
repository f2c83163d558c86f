#pragma once

// The command line's part for scripts: -f, the options that the script declares, and its tags. All other options are in
// options.h; the script itself is in script/script.h.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace CLI {
class App;
}

namespace triggers::swarm {

class Script;

struct ScriptArguments {
  std::string path;
  std::vector<std::string> tags, excluded_tags;
  std::shared_ptr<Script> script;  ///< Null without one.
};

/// The group of the options that only swarm's own users of inboxes have.
constexpr const char* inbox_work_group = "Work on an inbox (InboxWorkerUser)";

/// Reads the script that the arguments name with -f, if they do, and declares -f, the tags and the script's own
/// options. Error: `invalid_argument` if the file is no script.
Status declare_script(CLI::App& app, ScriptArguments& arguments, int argc, const char* const* argv);

/// After the arguments have been read: puts the script's users in the place of the program's own. Does nothing without
/// a script. Error: `invalid_argument`.
Status declare_script_users(const ScriptArguments& arguments);

}  // namespace triggers::swarm
