// A response that is read while it is made: its pieces, its end, and servers that misbehave.

#include "http/client/streamed_fetch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <future>

#include "http/client/blocking_socket.h"
#include "http/client/test_peer.h"
#include "http/server/test_server.h"
#include "net/test_certificates.h"

namespace triggers::http {
namespace {

using Step = StreamedFetch::Step;
constexpr std::chrono::seconds patience{20};
constexpr std::string_view head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

Request get(std::string target = "/s") {
  Request request;
  request.target = std::move(target);
  return request;
}

Result<std::unique_ptr<StreamedFetch>> open(const TestPeer& peer,
                                            std::chrono::milliseconds timeout = std::chrono::seconds{20}) {
  return StreamedFetch::open({.server = {.port = peer.port()}}, get(), timeout);
}

/// Reads until `bytes` have come, or the stream has ended.
std::string read(StreamedFetch& stream, std::size_t bytes, Step& step) {
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    step = stream.read(text);
    if (step != Step::more || text.size() >= bytes) return text;
    if (!wait_for(stream.fd(), POLLIN, deadline)) return text + " (no more)";
  }
}

TEST(StreamedFetch, PiecesAreThereWhileTheResponseGoesOn) {
  std::promise<void> has_first;
  auto first = has_first.get_future();
  TestPeer peer([&](TestPeer::Connection& connection) {
    connection.read_request();
    connection.send(std::string(head) + "5\r\nfirst\r\n");
    first.wait();
    connection.send("6\r\nsecond\r\n0\r\n\r\n");
    connection.await_close();
  });
  const auto stream = open(peer);
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ((*stream)->response().status, 200U);
  Step step{};
  EXPECT_EQ(read(**stream, 5, step), "first");
  EXPECT_EQ(step, Step::more);
  has_first.set_value();
  EXPECT_EQ(read(**stream, 100, step), "second");
  EXPECT_EQ(step, Step::ended);
}

TEST(StreamedFetch, StreamLongerThanTheLimitOfAPieceGoesOn) {
  constexpr std::size_t pieces = 40;
  const std::string megabyte(1024 * 1024, 'x');
  TestPeer peer([&](TestPeer::Connection& connection) {
    connection.read_request();
    connection.send(head);
    for (std::size_t i = 0; i < pieces; ++i) connection.send("100000\r\n" + megabyte + "\r\n");
    connection.send("0\r\n\r\n");
    connection.await_close();
  });
  const auto stream = open(peer);
  ASSERT_TRUE(stream.ok());
  std::size_t bytes = 0;
  Step step = Step::more;
  while (step == Step::more) bytes += read(**stream, 1, step).size();
  EXPECT_EQ(step, Step::ended);
  EXPECT_EQ(bytes, pieces * megabyte.size());
}

TEST(StreamedFetch, StreamThatIsCutOffIsBroken) {
  TestPeer peer([](TestPeer::Connection& connection) {
    connection.read_request();
    connection.send(std::string(head) + "5\r\nfirst\r\n");
  });
  const auto stream = open(peer);
  ASSERT_TRUE(stream.ok());
  Step step{};
  EXPECT_EQ(read(**stream, 100, step), "first");
  EXPECT_EQ(step, Step::broken);
}

TEST(StreamedFetch, ErrorIsReadWhole) {
  TestPeer peer([](TestPeer::Connection& connection) {
    connection.read_request();
    connection.answer("not here", 404);
    connection.await_close();
  });
  const auto stream = open(peer);
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ((*stream)->response().status, 404U);
  EXPECT_EQ((*stream)->response().body, "not here");
}

TEST(StreamedFetch, ServerThatDoesNotSpeakHttpIsRefused) {
  TestPeer peer([](TestPeer::Connection& connection) {
    connection.read_request();
    connection.send("SSH-2.0-x\r\n");
    connection.await_close();
  });
  const auto stream = open(peer);
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().code, ErrorCode::internal);
}

TEST(StreamedFetch, ServerThatSaysNothingIsGivenUp) {
  TestPeer peer([](TestPeer::Connection& connection) { connection.await_close(); });
  const auto stream = open(peer, std::chrono::milliseconds{200});
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().code, ErrorCode::unavailable);
}

TEST(StreamedFetch, TlsIsCheckedAndRead) {
  net::TestAuthority authority;
  const auto files = authority.issue("DNS:localhost");
  TestServer server;
  server.config.tls_cert_path = files.certificate;
  server.config.tls_key_path = files.key;
  server.start();
  const ServerAddress address{.host = "localhost", .port = server.server->port()};
  const auto refused = StreamedFetch::open({.server = address, .tls = true}, get(), patience);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("not to be trusted"), std::string::npos) << refused.error().message;
  const auto stream =
      StreamedFetch::open({.server = address, .tls = true, .ca_file = authority.file()}, get(), patience);
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  Step step{};
  EXPECT_EQ(read(**stream, 100, step), "GET /s ");
  EXPECT_EQ(step, Step::ended);
}

}  // namespace
}  // namespace triggers::http
