#include "serve.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <stop_token>
#include <thread>

#include "http/server.h"
#include "log/log.h"
#include "service.h"

namespace triggers {
namespace {

constexpr std::chrono::seconds look_interval{1};
constexpr int looks_per_last_used = 30;

int complain(const Error& error) {
  log::say("triggers: " + error.message);
  return 1;
}

/// The signals that end the server, blocked in every thread so that one place waits for them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// Waits for a stop signal.
int wait_for_stop(const sigset_t& signals) {
  for (;;) {
    const int signal_number = sigwaitinfo(&signals, nullptr);
    if (signal_number > 0) return signal_number;
  }
}

/// Waits for a stop signal or until `time` is over.
void wait_for_stop(const sigset_t& signals, std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  for (;;) {
    const std::chrono::nanoseconds left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) return;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    if (sigtimedwait(&signals, nullptr, &timeout) > 0) return;
  }
}

/// What a server does beside its requests, until it is to stop.
void look_after(const std::stop_token& stop, Service& service) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  for (int looks = 1;; ++looks) {
    wake.wait_for(lock, stop, look_interval, [] { return false; });
    if (stop.stop_requested()) return;
    service.every_second();
    if (stop.stop_requested()) return;
    if (looks % looks_per_last_used == 0) service.flush_last_used();
  }
}

/// The local socket's path through the directory's descriptor: a socket's path has room for 107 bytes only.
std::string local_socket_path(const std::string& data_dir) {
  const int directory = ::open(data_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return data_dir + "/admin.sock";
  return "/proc/self/fd/" + std::to_string(directory) + "/admin.sock";
}

http::ServerConfig server_config(const config::Config& config) {
  http::ServerConfig server;
  server.host = config.host;
  server.port = config.port;
  // With DynamoDB the commands go to the tables themselves, as this server does.
  if (config.store == config::Store::embedded) {
    server.unix_socket_path = local_socket_path(config.data_dir);
    server.unix_socket_name = config.data_dir + "/admin.sock";
  }
  server.threads = config.threads;
  server.tls_cert_path = config.tls_cert_path;
  server.tls_key_path = config.tls_key_path;
  server.connections_max = config.connections_max;
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

void add_server_metrics(metrics::Registry& registry, http::Server& server) {
  auto& open = registry.gauge("triggers_http_connections", "Open connections.");
  registry.on_scrape([&] { open.set(static_cast<double>(server.stats().connections_open)); });
  registry.counter_from("triggers_http_connections_accepted_total", "Connections accepted.", {},
                        [&] { return static_cast<double>(server.stats().connections_accepted); });
  registry.counter_from("triggers_http_connections_refused_total", "Connections refused because there were too many.",
                        {}, [&] { return static_cast<double>(server.stats().connections_refused); });
  auto& bodies = registry.gauge("triggers_http_bodies_bytes", "Memory of the large bodies in flight.");
  registry.on_scrape([&] { bodies.set(static_cast<double>(server.stats().bodies_bytes)); });
  registry.counter_from("triggers_http_bodies_refused_total",
                        "Requests refused because the bodies in flight were too large together.", {},
                        [&] { return static_cast<double>(server.stats().bodies_refused); });
  registry.counter_from("triggers_http_accept_failures_total",
                        "Connections that could not be accepted: out of file descriptors or memory.", {},
                        [&] { return static_cast<double>(server.stats().accept_failures); });
  registry.counter_from("triggers_http_timeouts_total", "Connections closed because the peer was too slow.", {},
                        [&] { return static_cast<double>(server.stats().timeouts); });
}

}  // namespace

int serve(const config::Config& config) {
  const sigset_t signals = block_stop_signals();
  log::set_level(config.log_level);
  log::set_format(config.log_format);
  const log::Background log_writer;
  auto service = Service::open(config, true);
  if (!service) return complain(service.error());
  auto server = http::Server::create(server_config(config), (*service)->handlers());
  if (!server) return complain(server.error());
  add_server_metrics((*service)->registry(), **server);
  (*server)->start();
  const bool tls = !config.tls_cert_path.empty();
  log::info("server_started", {{"version", TRIGGERS_VERSION},
                               {"host", config.host},
                               {"port", (*server)->port()},
                               {"tls", tls},
                               {"store", config.store == config::Store::embedded ? config.data_dir : "dynamodb"}});

  // On a thread of its own: it may wait for the store, and a stop must not wait for it.
  std::jthread looks_after([&](const std::stop_token& stop) { look_after(stop, **service); });
  const int signal_number = wait_for_stop(signals);
  log::info("server_stopping", {{"signal", signal_number}});
  (*service)->set_stopping();
  if (config.drain.count() > 0) {
    (*server)->drain();
    wait_for_stop(signals, config.drain);  // A second signal ends it.
  }
  looks_after.request_stop();
  (*server)->stop(config.shutdown_grace);
  looks_after.join();
  service->reset();
  log::info("server_stopped");
  return 0;
}

}  // namespace triggers
