// The program `triggers`: its commands and their arguments. The commands `backup` and `config` are here; each of the
// others has a file beside this one. The objects of the service are built in service.cc.

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "auth/validate.h"
#include "base/descriptor_limit.h"
#include "base/process_start.h"
#include "config/flags.h"
#include "config/render.h"
#include "config/suggestion.h"
#include "inboxes_command.h"
#include "keys_command.h"
#include "operator_client.h"
#include "output.h"
#include "repair_command.h"
#include "send_command.h"
#include "serve.h"
#include "tables_command.h"
#include "tail_command.h"

namespace {

using namespace triggers;

constexpr int usage_status = 2;

int complain(const std::string& message) {
  std::fprintf(stderr, "triggers: %s\n", message.c_str());
  return 1;
}

/// The exit status of a command that has printed.
int finish(int status) {
  if (status == 0 && !flush_output()) return complain("cannot write to standard output");
  return status;
}

/// Says what is wrong with the arguments, or prints what they ask for: help, or the version.
int leave(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return finish(app.exit(error));
  std::string message = error.what();
  // CLI11 misses the command before it looks at the word in its place.
  const auto unknown = app.remaining(true);
  if (error.get_name() == "RequiredError" && !unknown.empty()) message += ": " + unknown.front() + " is not known";
  if (const auto meant = config::suggestion(app); !meant.empty()) message += "; did you mean " + meant + "?";
  complain(message + "\nRun with --help for more information.");
  return usage_status;
}

/// The settings from flags, environment and file; nothing after a printed error.
std::optional<config::Settings> load(const config::Flags& flags) {
  auto settings = flags.load(config::process_environment());
  if (!settings) {
    complain(settings.error().message);
    return std::nullopt;
  }
  return std::move(*settings);
}

int backup(const config::Settings& settings, const std::string& directory) {
  if (directory.empty()) return complain("the directory of the backup is empty: name one that does not exist yet");
  if (settings.config.store != config::Store::embedded)
    return complain("backup is for the embedded store: the tables of DynamoDB have point-in-time recovery");
  std::error_code unknown;
  const auto absolute = std::filesystem::absolute(directory, unknown);
  if (unknown) {
    return complain("cannot tell where " + directory + " is, since the working directory cannot be read (" +
                    unknown.message() + "): name it with a path that begins with /");
  }
  http::Request request;
  request.method = http::Method::post;
  request.target = "/admin/backup";
  request.headers.add("Content-Type", "application/json");
  boost::json::object body;
  body["directory"] = absolute.string();
  request.body = boost::json::serialize(body);
  const auto answer = send_as_operator(settings.config, std::move(request));
  if (!answer) return complain(config::with_origins(answer.error().message, settings));
  if (answer->status == 200) {
    std::printf("The backup is in %s. It is a data directory that you can copy or serve.\n", directory.c_str());
    return 0;
  }
  boost::json::error_code error;
  const auto value = boost::json::parse(answer->body, error);
  if (error || !value.is_object() || !value.get_object().contains("message")) return complain("the server failed");
  return complain(config::with_origins(std::string{value.at("message").as_string()}, settings));
}

int run(int argc, char** argv) {
  CLI::App app{"Triggers stores events until consumers acknowledge them."};
  app.set_version_flag("--version", std::string{"triggers "} + TRIGGERS_VERSION);
  app.require_subcommand(1);
  config::Flags flags;

  auto* serve_command = app.add_subcommand("serve", "Serves the API");
  flags.declare(*serve_command);

  auto* keys_app = app.add_subcommand("keys", "Manages API keys, with or without a running server");
  KeysCommand keys(*keys_app);
  constexpr std::array<std::string_view, 6> store_only{
      "store", "data-dir", "aws-region", "dynamodb-endpoint-url", "dynamodb-table-events", "dynamodb-table-api-keys"};
  for (auto* command : keys_app->get_subcommands({})) flags.declare(*command, store_only);

  auto* send_app = app.add_subcommand("send", "Sends an event, or an event for each line of standard input");
  SendCommand send(*send_app);
  flags.declare(*send_app, store_only);

  auto* tail_app = app.add_subcommand("tail", "Shows new events of an inbox as they are accepted");
  TailCommand tail(*tail_app);
  flags.declare(*tail_app, store_only);

  auto* inboxes_app = app.add_subcommand("inboxes", "Manages a tenant's inboxes and their entries");
  InboxesCommand inboxes(*inboxes_app);
  for (auto* command : inboxes_app->get_subcommands({})) flags.declare(*command, store_only);

  auto* tables_app = app.add_subcommand("tables", "Creates, checks and deletes the DynamoDB tables");
  TablesCommand tables(*tables_app);
  for (auto* command : tables_app->get_subcommands({})) flags.declare(*command, store_only);

  std::string backup_directory;
  auto* backup_command = app.add_subcommand("backup", "Copies the whole store, with or without a running server");
  backup_command->add_option("directory", backup_directory, "Directory for the copy; must not exist yet")
      ->required()
      ->check([](const std::string& text) { return std::string{auth::is_utf8(text) ? "" : "it must be UTF-8"}; });
  flags.declare(*backup_command, store_only);

  std::string repair_directory;
  auto* repair_command = app.add_subcommand(
      "repair", "Makes a new store from the readable parts of a damaged one, which it does not change");
  repair_command->add_option("--into", repair_directory, "Directory for the new store; must not exist yet")
      ->required()
      ->check([](const std::string& text) { return std::string{auth::is_utf8(text) ? "" : "it must be UTF-8"}; });
  flags.declare(*repair_command, store_only);

  bool as_json = false;
  bool as_markdown = false;
  auto* config_command =
      app.add_subcommand("config", "Checks the configuration, and prints each value with its source");
  config_command->add_flag("--json", as_json, "Prints JSON");
  config_command->add_flag("--markdown", as_markdown, "Prints the documentation's table of all options");
  flags.declare(*config_command);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return leave(app, error);
  }
  // Events, hashes of keys, the secret that signs cursors: the owner's alone, also in a directory that was there
  // before.
  umask(S_IRWXG | S_IRWXO);
  raise_descriptor_limit();
  if (config_command->parsed() && as_markdown) {
    std::fputs(config::render_markdown().c_str(), stdout);
    return finish(0);
  }
  const auto settings = load(flags);
  if (!settings) return 1;
  if (serve_command->parsed()) return serve(*settings);
  if (keys_app->parsed()) return finish(keys.run(*settings));
  if (send_app->parsed()) return finish(send.run(*settings));
  if (tail_app->parsed()) return finish(tail.run(*settings));
  if (inboxes_app->parsed()) return finish(inboxes.run(*settings));
  if (tables_app->parsed()) return finish(tables.run(*settings));
  if (repair_command->parsed()) return finish(repair(*settings, repair_directory));
  if (backup_command->parsed()) return finish(backup(*settings, backup_directory));
  std::fputs((as_json ? config::render_json(*settings) : config::render_text(*settings)).c_str(), stdout);
  return finish(0);
}

}  // namespace

int main(int argc, char** argv) {
  start_process("triggers");
  try {
    return run(argc, argv);
  } catch (const std::system_error& failure) {
    if (failure.code() != std::errc::resource_unavailable_try_again)
      return complain(std::string{"failed: "} + failure.what());
    return complain(std::string{"failed: a thread could not be started ("} + failure.what() +
                    "): raise the limits of processes and of memory (ulimit -u, TasksMax=, ulimit -v)");
  } catch (...) {
    // No memory, or no file of the system's: any failure prints one line, and the status is 1.
    return complain("failed: " + cause_of(std::current_exception()));
  }
}
