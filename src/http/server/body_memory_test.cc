// How much memory the bodies of all connections may use together (ServerConfig::bodies_bytes_max). Where they are
// decoded is in body_decoding_test.cc.

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "http/server/test_server.h"
#include "http/wire/test_gzip.h"

namespace triggers::http {
namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& body, const std::string& target = "/p") {
  return "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

std::string post_packed(const std::string& body, const std::string& target = "/p") {
  const std::string packed = gzipped(body);
  return "POST " + target +
         " HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(packed.size()) +
         "\r\n\r\n" + packed;
}

class BodiesTest : public testing::Test {
 protected:
  /// Of two large bodies that are sent so, one has room; small ones always.
  void expect_limit(std::string (*request)(const std::string& body, const std::string& target)) {
    server_.config.bodies_bytes_max = 300'000;
    server_.start();
    const std::string large(200'000, 'x');
    RawClient held = server_.connect();
    held.send(request(large, "/wait"));
    server_.gate.await_waiting(1);
    EXPECT_GE(server_.server->stats().bodies_bytes, large.size());
    RawClient refused = server_.connect();
    refused.send(request(large, "/p"));
    EXPECT_EQ(refused.receive().status, 503U);
    EXPECT_TRUE(refused.ends());
    EXPECT_EQ(server_.server->stats().bodies_refused, 1U);
    EXPECT_EQ(server_.ask(request(std::string(1000, 'x'), "/p")).status, 200U);
    server_.gate.open();
    EXPECT_EQ(held.receive().status, 200U);
    EXPECT_EQ(server_.ask(request(large, "/p")).status, 200U);
  }

  TestServer server_;
};

TEST_F(BodiesTest, LargeOnesTogetherHaveALimitAndSmallOnesAreStillTaken) { expect_limit(post); }

TEST_F(BodiesTest, CompressedBodyCountsByItsDecodedSize) { expect_limit(post_packed); }

TEST_F(BodiesTest, UnfinishedBodyIsReleasedWithItsConnection) {
  server_.start();
  {
    RawClient client = server_.connect();
    const std::string whole = post(std::string(200'000, 'x'));
    client.send(whole.substr(0, whole.size() - 1));
    while (server_.server->stats().bodies_bytes < 100'000) std::this_thread::yield();
  }
  while (server_.server->stats().bodies_bytes > 0) std::this_thread::yield();
  EXPECT_EQ(server_.ask(get).status, 200U);
}

}  // namespace
}  // namespace triggers::http
