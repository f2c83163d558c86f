#pragma once

// Runs the coroutines of a benchmark on one IO loop, as a node runs requests.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/task.h"
#include "http/client/fetch.h"
#include "http/server/server.h"

namespace triggers {

/// A server with one thread. Each coroutine is the handler of one request, because that is how work gets onto a loop.
class BenchLoop {
 public:
  /// Null: no port is free.
  static std::unique_ptr<BenchLoop> create() {
    std::unique_ptr<BenchLoop> loop(new BenchLoop);
    http::Handlers handlers;
    handlers.handle = [raw = loop.get()](const http::Request&) -> Task<http::Response> {
      co_await raw->work_();
      http::Response response;
      co_return response;
    };
    handlers.protocol_error = [](const http::ProtocolError&, const http::Request&) { return http::Response{}; };
    handlers.internal_error = [](const http::Request&) {
      http::Response response;
      response.status = 500;
      return response;
    };
    http::ServerConfig config;
    config.host = "127.0.0.1";
    config.port = 0;
    config.threads = 1;
    auto server = http::Server::create(config, std::move(handlers));
    if (!server) return nullptr;
    loop->server_ = *std::move(server);
    loop->server_->start();
    return loop;
  }
  BenchLoop(const BenchLoop&) = delete;
  BenchLoop& operator=(const BenchLoop&) = delete;
  ~BenchLoop() {
    if (server_) server_->stop(std::chrono::seconds{5});
  }

  /// Runs `count` coroutines of `work` at the same time, all on the loop's thread, and waits for them, at most
  /// `within`. False: some failed.
  bool run(std::size_t count, std::chrono::seconds within, std::function<Task<void>()> work) {
    work_ = std::move(work);
    const http::ServerAddress address{.host = "127.0.0.1", .port = server_->port()};
    std::atomic<bool> good = true;
    std::vector<std::thread> askers;
    for (std::size_t i = 0; i < count; ++i) {
      askers.emplace_back([&] {
        http::Request request;
        request.target = "/";
        const auto answer = http::fetch(address, request, within);
        if (!answer || answer->status != 200) good = false;
      });
    }
    for (std::thread& asker : askers) asker.join();
    return good;
  }

 private:
  BenchLoop() = default;
  std::function<Task<void>()> work_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace triggers
