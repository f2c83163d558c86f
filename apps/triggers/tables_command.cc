#include "tables_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/sync_wait.h"
#include "dynamo_access.h"
#include "store/dynamo/tables/tables.h"

namespace triggers {
namespace {

int complain(const std::string& message) {
  std::fprintf(stderr, "triggers: %s\n", message.c_str());
  return 1;
}

}  // namespace

TablesCommand::TablesCommand(CLI::App& parent) : parent_(parent) {
  parent.require_subcommand(1);
  parent.add_subcommand("create", "Creates missing tables, and waits until they are ready");
  parent.add_subcommand("check", "Checks that the tables exist and have the right form");
  auto* remove = parent.add_subcommand("delete", "Deletes the tables, including all events and keys");
  remove->add_option("--yes-delete", sure_, "Name of the events table, to confirm the deletion")->required();
}

int TablesCommand::run(const config::Settings& settings) {
  const config::Config& config = settings.config;
  if (config.store != config::Store::dynamodb) {
    return complain("tables exist only with store = dynamodb: set DYNAMODB_TABLE_EVENTS, or STORE=dynamodb");
  }
  const bool remove = parent_.got_subcommand("delete");
  if (remove && sure_ != config.dynamodb_table_events) {
    return complain("--yes-delete must name the events table, " + config.dynamodb_table_events);
  }
  metrics::Registry registry;
  auto access = DynamoAccess::open(config, registry);
  if (!access) return complain(config::with_origins(access.error().message, settings));
  store::dynamo::Tables tables((*access)->caller(), config.dynamodb_table_events, config.dynamodb_table_api_keys);
  auto task = remove ? tables.remove() : parent_.got_subcommand("create") ? tables.create() : tables.check();
  const auto reports = sync_wait(std::move(task));
  if (!reports) return complain(config::with_origins(reports.error().message, settings));
  bool good = true;
  for (const auto& report : *reports) {
    std::printf("%s: %s\n", report.table.c_str(), report.text.c_str());
    good = good && report.good;
  }
  return good ? 0 : 1;
}

}  // namespace triggers
