#include "swarm/run/script_arguments.h"

#include <CLI/CLI.hpp>
#include <string_view>

#include "swarm/script/script.h"

namespace triggers::swarm {
namespace {

/// The file of the last -f. Needed before the arguments can be read, because the script declares some of them.
std::string named_script(int argc, const char* const* argv) {
  std::string path;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") break;
    if ((argument == "-f" || argument == "--script") && i + 1 < argc) {
      path = argv[++i];
    } else if (argument.starts_with("--script=")) {
      path = argument.substr(argument.find('=') + 1);
    } else if (argument.starts_with("-f")) {
      path = argument.substr(argument.starts_with("-f=") ? 3 : 2);
    }
  }
  return path;
}

void declare_option(CLI::App& app, ScriptOption& option) {
  const std::string name = "--" + option.name;
  const std::string help = option.help + (option.text.empty() ? "" : " [" + option.text + "]");
  const std::string group = "Options of the script";
  if (option.kind == ScriptOption::Kind::flag) {
    app.add_flag_function(
           name + ",!--no-" + option.name,
           [&option](std::int64_t count) { option.text = count > 0 ? "true" : "false"; }, help)
        ->group(group);
    return;
  }
  app.add_option_function<std::string>(
         name,
         [&option, name](const std::string& value) {
           if (const Status set = option.set(value); !set) throw CLI::ValidationError(name, set.error().message);
         },
         help)
      ->type_name(option.kind == ScriptOption::Kind::number ? "NUMBER" : "TEXT")
      ->group(group);
}

}  // namespace

Status declare_script(CLI::App& app, ScriptArguments& arguments, int argc, const char* const* argv) {
  app.add_option("-f,--script", arguments.path,
                 "Runs the users of this script in Lua, in place of swarm's own; see docs/swarm-scripts.md")
      ->type_name("FILE")
      ->group("Load");
  app.add_option("-T,--tags", arguments.tags, "Runs only the script's tasks with this tag; may be repeated [all]")
      ->type_name("TAG")
      ->group("Load");
  app.add_option("-E,--exclude-tags", arguments.excluded_tags,
                 "Leaves out the script's tasks with this tag; may be repeated")
      ->type_name("TAG")
      ->group("Load");
  const std::string path = named_script(argc, argv);
  if (path.empty()) return Done{};
  auto script = Script::read(path);
  if (!script) return script.error();
  arguments.script = std::move(*script);
  // They are for users that the script's take the place of; it may have options of the same names.
  for (CLI::Option* const option : app.get_options()) {
    if (option->get_group() == inbox_work_group) app.remove_option(option);
  }
  for (ScriptOption& option : arguments.script->options()) {
    if (app.get_option_no_throw("--" + option.name) != nullptr) {
      return Error{ErrorCode::invalid_argument, "the script " + path + " declares the option --" + option.name +
                                                    ", which swarm itself has: give it another name"};
    }
    declare_option(app, option);
  }
  return Done{};
}

Status declare_script_users(const ScriptArguments& arguments) {
  const auto refused = [](const char* why) { return Error{ErrorCode::invalid_argument, why}; };
  if (arguments.script == nullptr) {
    if (!arguments.tags.empty() || !arguments.excluded_tags.empty()) {
      return refused("--tags and --exclude-tags choose tasks of a script: they need -f");
    }
    return Done{};
  }
  arguments.script->choose_tags(arguments.tags, arguments.excluded_tags);
  return arguments.script->declare_users();
}

}  // namespace triggers::swarm
