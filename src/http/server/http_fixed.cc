// Serves a fixed 201: the HTTP layer alone, to be measured beside nginx's `return 201`.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "http/server/server.h"

namespace {

using namespace triggers;

Task<http::Response> created(const http::Request&) {
  http::Response response;
  response.status = 201;
  response.body = R"({"status":"accepted"})";
  co_return response;
}

http::Response refused(const http::ProtocolError& error, const http::Request&) {
  http::Response response;
  response.status = 400;
  response.body = error.detail;
  return response;
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  http::ServerConfig config;
  config.host = "127.0.0.1";
  config.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8080);
  config.threads = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 1);
  http::Handlers handlers{created, refused, [](const http::Request&) { return http::Response{}; }, {}};
  auto server = http::Server::create(std::move(config), std::move(handlers));
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message.c_str());
    return 1;
  }
  (*server)->start();
  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->stop(std::chrono::seconds{5});
  return 0;
}
