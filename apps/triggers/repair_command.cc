#include "repair_command.h"

#include <cstdio>

#include "backup_target.h"
#include "store/rocks/repair/repair.h"
#include "thread_plan.h"

namespace triggers {
namespace {

int complain(const std::string& message) {
  std::fprintf(stderr, "triggers: %s\n", message.c_str());
  return 1;
}

void print_number(std::uint64_t number, const char* what) {
  std::printf("%12llu %s\n", static_cast<unsigned long long>(number), what);
}

}  // namespace

int repair(const config::Settings& settings, const std::string& into) {
  const config::Config& config = settings.config;
  if (config.store != config::Store::embedded)
    return complain("repair is for the embedded store: the tables of DynamoDB have point-in-time recovery");
  if (into.empty()) return complain("--into must name a directory that does not exist yet");
  // Where there is no data directory, the repair says so.
  const auto outside = check_backup_target(into, config.data_dir);
  if (!outside && outside.error().code == ErrorCode::invalid_argument) return complain(outside.error().message);
  if (const auto enough = check_threads(plan_threads(config, false)); !enough) return complain(enough.error().message);
  store::DatabaseConfig store;
  store.data_dir = config.data_dir;
  store.memory_bytes = config.memory_budget_bytes;
  store.dedup_window = config.dedup_window;
  store.idempotency_window = config.idempotency_window;
  const auto report = store::repair_store(store, into);
  if (!report) return complain(config::with_origins(report.error().message, settings));
  std::printf("Damage found in %s, which repair does not change:\n", config.data_dir.c_str());
  for (const auto& loss : report->losses) std::printf("  - %s\n", loss.c_str());
  std::printf("A new store is in %s:\n", into.c_str());
  print_number(report->events, "events");
  print_number(report->unacknowledged, "of them unacknowledged");
  print_number(report->acknowledged, "of them acknowledged");
  print_number(report->made_unacknowledged_again,
               "of these put back into the inbox, because neither an inbox entry nor an acknowledgement was found");
  print_number(report->keys, "API keys");
  std::puts(
      "Only the senders' own records can tell whether these are all. To use the new store, serve it, or move it to the"
      " old place.");
  return 0;
}

}  // namespace triggers
