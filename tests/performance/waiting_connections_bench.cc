// Measures what connections cost whose requests wait: a server in a process of its own holds them, and this process
// makes them. Usage: waiting_connections_bench CONNECTIONS IDLE_SECONDS. As a test it runs with few of both.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/invariant.h"
#include "base/process_start.h"
#include "base/unique_fd.h"
#include "http/server/server.h"
#include "http/wire/caller.h"
#include "store/waiters.h"

namespace triggers {
namespace {

using std::chrono::steady_clock;

// The goal is 100 MiB for 10,000.
constexpr double bytes_each_max = 100.0 * 1024 * 1024 / 10'000;

constexpr std::string_view request =
    "POST /inboxes/billing/lease HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: application/json\r\n"
    "Authorization: Bearer 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX\r\nContent-Length: 2\r\n\r\n{}";

/// What the parent asks of the server's process: one character, and a number comes back.
enum class Ask : char { waiting = 'w', open = 'o', wake = 'e', stop = 's' };

struct Pipe {
  Pipe() {
    int ends[2];
    INVARIANT(::pipe(ends) == 0, "no pipe for %d", ::getpid());
    reads = UniqueFd(ends[0]);
    writes = UniqueFd(ends[1]);
  }
  template <class T>
  void send(T value) const {
    INVARIANT(::write(writes.get(), &value, sizeof value) == static_cast<ssize_t>(sizeof value), "fd %d", writes.get());
  }
  template <class T>
  [[nodiscard]] T receive() const {
    T value{};
    INVARIANT(::read(reads.get(), &value, sizeof value) == static_cast<ssize_t>(sizeof value), "fd %d", reads.get());
    return value;
  }
  UniqueFd reads, writes;
};

/// A server whose requests all wait for one inbox, each as a tenant of its own.
class WaitingServer {
 public:
  explicit WaitingServer(std::size_t connections) {
    http::ServerConfig config;
    config.host = "127.0.0.1";
    config.port = 0;
    config.threads = 1;
    config.connections_max = connections;
    http::Handlers handlers;
    handlers.handle = [this](const http::Request& asked) { return wait(asked); };
    handlers.protocol_error = [](const http::ProtocolError&, const http::Request&) { return http::Response{}; };
    handlers.internal_error = [](const http::Request&) { return http::Response{}; };
    server_ = http::Server::create(std::move(config), std::move(handlers)).value();
    server_->start();
  }

  void serve(const Pipe& asks, const Pipe& answers) {
    answers.send<std::size_t>(server_->port());
    for (;;) {
      switch (asks.receive<Ask>()) {
        case Ask::waiting: answers.send(all_.waiting()); break;
        case Ask::open: answers.send(server_->stats().connections_open); break;
        case Ask::wake:
          inbox_.became_available(all_.waiting());
          answers.send<std::size_t>(0);
          break;
        case Ask::stop: server_->stop(std::chrono::seconds{10}); return answers.send<std::size_t>(0);
      }
    }
  }

 private:
  Task<http::Response> wait(const http::Request& asked) {
    const std::string tenant = std::to_string(next_tenant_++);
    store::Waiter waiter(all_, inbox_, tenant, store::Waiter::taker(1));
    http::CallerWatch client(asked, steady_clock::now() + std::chrono::hours{1});
    const auto woken = co_await waiter.wait(inbox_.version(), client.cancellation());
    waiter.served();
    http::Response response;
    response.body = woken.ok() && *woken == store::Wake::event ? "woken" : "not woken";
    co_return response;
  }

  std::size_t next_tenant_ = 0;
  store::Waiters all_{20'000};
  store::InboxWaiters inbox_{all_};
  std::unique_ptr<http::Server> server_;
};

/// The server's process, as its parent sees it.
class ServerProcess {
 public:
  explicit ServerProcess(std::size_t connections) : pid_(::fork()) {
    if (pid_ == 0) {
      WaitingServer(connections).serve(asks_, answers_);
      std::_Exit(0);
    }
    port_ = answers_.receive<std::size_t>();
  }
  ~ServerProcess() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }
  [[nodiscard]] std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }
  std::size_t ask(Ask what) const {
    asks_.send(what);
    return answers_.receive<std::size_t>();
  }
  void await(Ask what, std::size_t count) const {
    while (ask(what) != count) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  [[nodiscard]] double resident_bytes() const {
    std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
    double size = 0, resident = 0;
    statm >> size >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
  }
  [[nodiscard]] double processor_seconds() const {
    std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
    std::string field;
    for (int i = 0; i < 13; ++i) stat >> field;
    double user = 0, system = 0;
    stat >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }

 private:
  Pipe asks_, answers_;
  pid_t pid_;
  std::size_t port_ = 0;
};

UniqueFd connected_to(std::uint16_t port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  INVARIANT(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
            "no connection to port %d", int{port});
  return socket;
}

double seconds_since(steady_clock::time_point since) {
  return std::chrono::duration<double>(steady_clock::now() - since).count();
}

std::vector<UniqueFd> waiting_clients(const ServerProcess& server, std::size_t count) {
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(connected_to(server.port()));
    INVARIANT(::send(clients.back().get(), request.data(), request.size(), MSG_NOSIGNAL) > 0, "connection %zu", i);
  }
  server.await(Ask::waiting, count);
  return clients;
}

int run(std::size_t connections, int idle_seconds) {
  const ServerProcess server(connections);
  waiting_clients(server, 1).clear();
  server.await(Ask::open, 0);
  const double before = server.resident_bytes();
  auto clients = waiting_clients(server, connections);
  const double each = (server.resident_bytes() - before) / static_cast<double>(connections);
  std::printf("%zu waiting connections: %.1f MiB, %.0f bytes each\n", connections,
              (server.resident_bytes() - before) / 1024 / 1024, each);

  const double used = server.processor_seconds();
  std::this_thread::sleep_for(std::chrono::seconds{idle_seconds});
  std::printf("processor time while nothing happens: %.2f s in %d s\n", server.processor_seconds() - used,
              idle_seconds);

  auto since = steady_clock::now();
  server.ask(Ask::wake);
  std::size_t woken = 0;
  for (const auto& client : clients) {
    std::string answer(512, '\0');
    const ssize_t got = ::recv(client.get(), answer.data(), answer.size(), 0);
    if (got > 0 && std::string_view(answer).substr(0, static_cast<std::size_t>(got)).ends_with("\r\nwoken")) ++woken;
  }
  std::printf("%zu of them woken and answered in %.3f s\n", woken, seconds_since(since));

  for (const auto& client : clients) {
    INVARIANT(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) > 0, "fd %d", client.get());
  }
  server.await(Ask::waiting, connections);
  since = steady_clock::now();
  clients.clear();
  server.await(Ask::open, 0);
  std::printf("all closed by their clients: noticed in %.3f s, %zu places still taken\n", seconds_since(since),
              server.ask(Ask::waiting));

  clients = waiting_clients(server, connections);
  since = steady_clock::now();
  server.ask(Ask::stop);
  std::printf("stopped with all of them waiting: %.3f s\n", seconds_since(since));
#ifdef TRIGGERS_SANITIZE
  const bool small = true;  // A sanitizer's memory is not ours.
#else
  const bool small = each < bytes_each_max;
#endif
  if (!small) std::printf("FAILED: more than %.0f bytes each\n", bytes_each_max);
  if (woken != connections) std::printf("FAILED: not all were woken\n");
  return small && woken == connections ? 0 : 1;
}

}  // namespace
}  // namespace triggers

int main(int argc, char** argv) {
  triggers::start_process("waiting_connections_bench");
  if (argc != 3) {
    std::fputs("usage: waiting_connections_bench CONNECTIONS IDLE_SECONDS\n", stderr);
    return 2;
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return triggers::run(std::strtoul(argv[1], nullptr, 10), std::atoi(argv[2]));
}
