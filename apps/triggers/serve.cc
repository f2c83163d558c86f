#include "serve.h"

#include <chrono>
#include <stop_token>
#include <thread>

#include "base/guarded_clock.h"
#include "base/process_start.h"
#include "base/stoppable_sleep.h"
#include "base/thread_name.h"
#include "clock_watch.h"
#include "descriptor_plan.h"
#include "http/server/server.h"
#include "local_socket.h"
#include "log/log.h"
#include "open_when_free.h"
#include "service.h"
#include "service_manager.h"
#include "stop_watchdog.h"
#include "thread_plan.h"

namespace triggers {
namespace {

constexpr std::chrono::seconds look_interval{1};
constexpr int looks_per_last_used = 30;

int complain(const Error& error, const config::Settings& settings) {
  log::say("triggers: " + config::with_origins(error.message, settings));
  return 1;
}

/// Runs a step of the thread below. An exception (memory has run out, most likely) must not end the process.
template <class Step>
void guarded(Step step) {
  try {
    step();
  } catch (...) {
    log::error("looking_after_failed", {{"cause", cause_of(std::current_exception())}});
  }
}

/// What a server does beside its requests, until it stops.
void run_upkeep(const std::stop_token& stop, Service& service, ClockWatch& clock) {
  name_thread("upkeep");
  for (int looks = 1;; ++looks) {
    stoppable_sleep(stop, look_interval);
    if (stop.stop_requested()) return;
    guarded([&] { clock.look(service.ids_ahead()); });
    guarded([&] { service.every_second(); });
    if (stop.stop_requested()) return;
    if (looks % looks_per_last_used == 0) guarded([&] { service.flush_last_used(); });
  }
}

/// `directory`: the data directory, which stays open as long as the server.
http::ServerConfig server_config(const config::Config& config, const DescriptorPlan& descriptors,
                                 const UniqueFd& directory) {
  http::ServerConfig server;
  server.host = config.host;
  server.port = config.port;
  // With DynamoDB the commands go to the tables themselves, as this server does.
  if (config.store == config::Store::embedded) {
    server.unix_socket_name = config.data_dir + "/admin.sock";
    server.unix_socket_path = directory ? local_socket_path(directory) : server.unix_socket_name;
  }
  server.threads = config.threads;
  server.tls_cert_path = config.tls_cert_path;
  server.tls_key_path = config.tls_key_path;
  server.connections_max = descriptors.connections_max;
  server.refusing_max = descriptors.refusing_max;
  server.body_bytes_max = config.request_bytes_max;
  server.body_bytes_max_for = [&config](http::Method method, std::string_view target) {
    return api::body_bytes_max(config, method, target);
  };
  server.bodies_bytes_max = config.bodies_bytes_max;
  server.header_deadline = config.header_deadline;
  server.body_deadline = config.body_deadline;
  server.idle_deadline = config.idle_deadline;
  return server;
}

void warn_of_few(const DescriptorPlan& descriptors, const config::Config& config) {
  log::warning("max_connections_lowered",
               {{"max_connections", config.connections_max},
                {"lowered_to", descriptors.connections_max},
                {"open_files_max", descriptors.limit},
                {"message", "The limit of open files leaves no room for more: raise it (ulimit -Hn, LimitNOFILE=)."}});
}

void add_server_metrics(metrics::Registry& registry, http::Server& server, std::size_t connections_max) {
  registry.gauge("triggers_http_connections_max", "Maximum number of open connections.")
      .set(static_cast<double>(connections_max));
  auto& open = registry.gauge("triggers_http_connections", "Open connections.");
  registry.on_scrape([&] { open.set(static_cast<double>(server.stats().connections_open)); });
  registry.counter_from("triggers_http_connections_accepted_total", "Connections accepted.", {},
                        [&] { return static_cast<double>(server.stats().connections_accepted); });
  registry.counter_from("triggers_http_connections_refused_total",
                        "Connections refused because every open one had a request in progress.", {},
                        [&] { return static_cast<double>(server.stats().connections_refused); });
  registry.counter_from("triggers_http_connections_evicted_total",
                        "Connections closed between requests to make room for a new one.", {},
                        [&] { return static_cast<double>(server.stats().connections_evicted); });
  auto& bodies = registry.gauge("triggers_http_bodies_bytes", "Memory of the large bodies in flight.");
  registry.on_scrape([&] { bodies.set(static_cast<double>(server.stats().bodies_bytes)); });
  registry.counter_from("triggers_http_bodies_refused_total",
                        "Bodies that found no room in max-bodies-size-bytes, or in their tenant's share of it.", {},
                        [&] { return static_cast<double>(server.stats().bodies_refused); });
  registry.counter_from("triggers_http_refused_before_body_total",
                        "Requests refused by their headers; their bodies were neither kept nor decoded.", {},
                        [&] { return static_cast<double>(server.stats().refused_before_body); });
  registry.counter_from("triggers_http_inflated_bytes_total", "Decoded size of gzip bodies, in bytes.", {},
                        [&] { return static_cast<double>(server.stats().inflated_bytes); });
  registry.counter_from("triggers_http_accept_failures_total",
                        "Connections that could not be accepted: out of file descriptors or memory.", {},
                        [&] { return static_cast<double>(server.stats().accept_failures); });
  registry.counter_from("triggers_http_timeouts_total", "Connections closed because the peer was too slow.", {},
                        [&] { return static_cast<double>(server.stats().timeouts); });
}

}  // namespace

int serve(const config::Settings& settings) {
  const config::Config& config = settings.config;
  if (const auto enough = check_threads(plan_threads(config, true)); !enough) return complain(enough.error(), settings);
  StopWatchdog watchdog({config.drain, config.shutdown_grace, config.shutdown_limit});
  log::set_level(config.log_level);
  log::set_format(config.log_format);
  const log::Background log_writer;
  const DescriptorPlan descriptors = plan_descriptors(config);
  if (const auto enough = check_descriptors(descriptors); !enough) return complain(enough.error(), settings);
  if (descriptors.lowered(config)) warn_of_few(descriptors, config);
  watchdog.enter("opening the store");
  GuardedClock clock;
  // Nodes must agree: each follows its machine's clock at once, which NTP keeps.
  const bool waits = config.store == config::Store::embedded;
  const auto stop_asked = [&] { return watchdog.asked(); };
  auto service = open_when_free(config, waits ? static_cast<const Clock&>(clock) : Clock::system(), stop_asked);
  if (!service) return complain(service.error(), settings);
  if (!*service) {
    log::info("server_stopped");
    return 0;
  }
  const UniqueFd directory = open_directory(config.data_dir);
  auto server = http::Server::create(server_config(config, descriptors, directory), (*service)->handlers());
  if (!server) return complain(server.error(), settings);
  add_server_metrics((*service)->registry(), **server, descriptors.connections_max);
  ClockWatch watch((*service)->registry(), clock, waits);
  (*server)->start();
  const bool tls = !config.tls_cert_path.empty();
  log::info("server_started", {{"version", TRIGGERS_VERSION},
                               {"host", config.host},
                               {"port", (*server)->port()},
                               {"tls", tls},
                               {"store", config.store == config::Store::embedded ? config.data_dir : "dynamodb"}});
  watchdog.enter("serving");
  tell_service_manager("READY=1\nSTATUS=Serving", stop_asked);

  // On a thread of its own: it may wait for the store, and a stop must not wait for it.
  std::jthread upkeep([&](const std::stop_token& stop) { run_upkeep(stop, **service, watch); });
  const int signal_number = watchdog.wait();
  log::info("server_stopping", {{"signal", signal_number}});
  tell_service_manager("STOPPING=1\nSTATUS=Answering the accepted requests", stop_asked);
  (*service)->set_stopping();
  const auto connections = [&] {
    return std::to_string((*server)->stats().connections_open) + " connections are open, " +
           std::to_string((*service)->writes_waiting()) + " writes wait for the store";
  };
  watchdog.enter("answering requests", connections);
  if (config.drain.count() > 0) {
    (*server)->drain();
    watchdog.wait_for_drain();
  }
  upkeep.request_stop();
  (*server)->stop(config.shutdown_grace);
  watchdog.enter("writing when keys were last used, and counts");
  upkeep.join();
  (*service)->finish();
  watchdog.enter("closing the store: committing what waits, ending reads and backups, flushing");
  service->reset();
  watchdog.enter("closing the server");
  log::info("server_stopped");
  return 0;
}

}  // namespace triggers
