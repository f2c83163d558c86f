// An exception in a session, outside the handler, ends that connection only. Exceptions of handlers are in
// server_test.cc.

#include <gtest/gtest.h>

#include <new>
#include <string_view>
#include <thread>

#include "http/server/test_server.h"

namespace triggers::http {
namespace {

TEST(Failures, ExceptionOutsideAHandlerEndsItsConnectionOnly) {
  ServerConfig config;
  config.host = "127.0.0.1";
  config.port = 0;
  config.threads = 1;
  Handlers handlers;
  handlers.handle = [](const Request& request) -> Task<Response> {
    if (request.target == "/throw") throw std::bad_alloc();
    co_return Response{};
  };
  handlers.internal_error = [](const Request&) -> Response { throw std::bad_alloc(); };
  handlers.protocol_error = [](const ProtocolError&, const Request&) -> Response { throw std::bad_alloc(); };
  const auto server = Server::create(config, handlers).value();
  server->start();
  RawClient kept(server->port());
  kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(kept.receive().status, 200U);
  for (const std::string_view bad : {"GET /throw HTTP/1.1\r\nHost: a\r\n\r\n", "no request\r\n\r\n"}) {
    RawClient failing(server->port());
    failing.send(bad);
    EXPECT_TRUE(failing.ends());
  }
  kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(kept.receive().status, 200U);
  while (server->stats().connections_open > 1) std::this_thread::yield();
  server->stop(std::chrono::seconds{5});
}

}  // namespace
}  // namespace triggers::http
