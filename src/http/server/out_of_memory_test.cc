// IO loops without memory: they pause, neither spin nor end the process, and serve once there is some.

#include <gtest/gtest.h>

#include <thread>

#include "base/test_failing_memory.h"
#include "http/server/test_server.h"

namespace triggers::http {
namespace {

using failing_memory::failures;
using failing_memory::failures_after_pause;

constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class OutOfMemory : public testing::Test {
 protected:
  OutOfMemory() {
    failing_memory::spared = true;
    failures = failures_after_pause = 0;
    ServerConfig config;
    config.host = "127.0.0.1";
    config.port = 0;
    config.threads = 2;
    Handlers handlers;
    handlers.handle = [](const Request&) -> Task<Response> { co_return Response{}; };
    handlers.internal_error = [](const Request&) -> Response { return {}; };
    handlers.protocol_error = [](const ProtocolError&, const Request&) -> Response { return {}; };
    server = Server::create(std::move(config), std::move(handlers)).value();
  }
  ~OutOfMemory() override { failing_memory::gone = false; }

  static void await_failures(long count) {
    while (failures < count) std::this_thread::yield();
  }
  void expect_service() const {
    // Each loop gets one of them.
    for (int connection = 0; connection < 2; ++connection) {
      RawClient client(server->port());
      client.send(request);
      EXPECT_EQ(client.receive().status, 200U);
    }
  }

  std::unique_ptr<Server> server;
};

TEST_F(OutOfMemory, LoopThatCannotBeginPausesBetweenAttemptsAndServesOnceThereIsMemory) {
  failing_memory::gone = true;
  server->start();
  // An attempt fails once, or several times when it also fails to write a line of the log.
  while (failures_after_pause < 20 && failures < 2000) std::this_thread::yield();
  EXPECT_GE(failures_after_pause, 20);
  failing_memory::gone = false;
  expect_service();
  server->stop(std::chrono::seconds{5});
}

TEST_F(OutOfMemory, LoopThatServesLosesNewConnectionsOnly) {
  server->start();
  RawClient kept(server->port());
  kept.send(request);
  EXPECT_EQ(kept.receive().status, 200U);
  expect_service();  // Its loop has gone on, so it waits for a request and needs no memory.
  failing_memory::gone = true;
  for (int connection = 0; connection < 4; ++connection) {
    const long before = failures;
    RawClient lost(server->port());
    await_failures(before + 1);
  }
  failing_memory::gone = false;
  kept.send(request);
  EXPECT_EQ(kept.receive().status, 200U);
  expect_service();
  server->stop(std::chrono::seconds{5});
}

}  // namespace
}  // namespace triggers::http
