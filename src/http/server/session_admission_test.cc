// What is decided by a request's head, before its body is read (Handlers::admit). Which requests the API admits is in
// src/api/admission/admit_test.cc.

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "http/server/test_server.h"
#include "http/wire/test_gzip.h"

namespace triggers::http {
namespace {

std::string head(const std::string& fields, const std::string& target = "/p") {
  return "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string sized(std::size_t bytes) { return "Content-Length: " + std::to_string(bytes) + "\r\n"; }

std::string packed(const std::string& fields, const std::string& body, const std::string& target = "/p") {
  const std::string bytes = gzipped(body);
  return head(fields + "Content-Encoding: gzip\r\n" + sized(bytes.size()), target) + bytes;
}

const std::string key = "Key: acme\r\n";

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() { server_.use_admission(); }

  ServerStats stats() const { return server_.server->stats(); }
  void await_bodies(std::size_t bytes) {
    while (stats().bodies_bytes < bytes) std::this_thread::yield();
  }

  TestServer server_;
};

TEST_F(AdmissionTest, RefusedBodyIsNeverInflated) {
  server_.start();
  EXPECT_EQ(server_.ask(packed("", std::string(400'000, ' '))).status, 401U);
  EXPECT_EQ(stats().inflated_bytes, 0U);
  EXPECT_EQ(stats().refused_before_body, 1U);
  EXPECT_EQ(server_.handled(), 0U);
  EXPECT_EQ(server_.ask(packed(key, std::string(400'000, ' '))).status, 200U);
  EXPECT_EQ(stats().inflated_bytes, 400'000U);
}

TEST_F(AdmissionTest, BodiesThatNeverEndHoldNothingWithoutAKey) {
  server_.start();
  const std::string request = packed("", std::string(400'000, ' '));
  std::vector<RawClient> clients;
  for (int i = 0; i < 60; ++i) {
    clients.push_back(server_.connect());
    clients.back().send(request.substr(0, request.size() - 1));
  }
  for (auto& client : clients) EXPECT_EQ(client.receive().status, 401U);
  EXPECT_EQ(stats().bodies_bytes, 0U);
  EXPECT_EQ(stats().inflated_bytes, 0U);
}

TEST_F(AdmissionTest, RefusalComesBeforeTheBodyAndAShortRestKeepsTheConnection) {
  server_.start();
  RawClient client = server_.connect();
  client.send(head(sized(1'000)));
  const RawResponse refused = client.receive();
  EXPECT_EQ(refused.status, 401U);
  EXPECT_FALSE(refused.has("Connection: close"));
  client.send(std::string(1'000, 'x') + head(key + sized(2)) + "ab");
  EXPECT_EQ(client.receive().body, "POST /p ab");
}

TEST_F(AdmissionTest, PipelinedRequestBehindARefusedOneIsServed) {
  server_.start();
  RawClient client = server_.connect();
  client.send(packed("", std::string(100'000, ' ')) + head(key + sized(2)) + "ab");
  EXPECT_EQ(client.receive().status, 401U);
  EXPECT_EQ(client.receive().body, "POST /p ab");
}

TEST_F(AdmissionTest, LongRestEndsTheConnection) {
  server_.start();
  for (const std::string& rest : {sized(200'000), std::string("Transfer-Encoding: chunked\r\n")}) {
    RawClient client = server_.connect();
    client.send(head(rest));
    const RawResponse refused = client.receive();
    EXPECT_EQ(refused.status, 401U);
    EXPECT_TRUE(refused.has("Connection: close")) << rest;
    EXPECT_TRUE(client.ends());
  }
}

TEST_F(AdmissionTest, ContinueIsSentToAdmittedRequestsOnly) {
  server_.start();
  RawClient refused = server_.connect();
  refused.send(head("Expect: 100-continue\r\n" + sized(2)));
  EXPECT_EQ(refused.receive().status, 401U);
  EXPECT_TRUE(refused.ends());
  RawClient admitted = server_.connect();
  admitted.send(head(key + "Expect: 100-continue\r\n" + sized(2)));
  EXPECT_EQ(admitted.receive(false).status, 100U);
  admitted.send("ab");
  EXPECT_EQ(admitted.receive().body, "POST /p ab");
}

TEST_F(AdmissionTest, ShortBodyThatArrivesWithItsHeadNeedsNoAdmission) {
  server_.start();
  EXPECT_EQ(server_.ask(head(sized(16'384)) + std::string(16'384, 'x')).status, 200U);
  EXPECT_EQ(server_.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status, 200U);
  EXPECT_EQ(server_.asked(), 0U);
  EXPECT_EQ(server_.ask(head(sized(16'385)) + std::string(16'385, 'x')).status, 401U);
  EXPECT_EQ(server_.asked(), 1U);
}

TEST_F(AdmissionTest, TicketLearnsTheDecodedSizeEvenIfTheBodyNeverEnds) {
  server_.start();
  const std::string whole = packed(key, std::string(300'000, 'x'));
  EXPECT_EQ(server_.ask(whole).status, 200U);
  EXPECT_EQ(server_.charged_bytes(), 300'000U);
  {
    RawClient client = server_.connect();
    client.send(whole.substr(0, whole.size() - 1));
    await_bodies(300'000);
  }
  while (stats().bodies_bytes > 0) std::this_thread::yield();
  EXPECT_EQ(server_.charged_bytes(), 600'000U);
  EXPECT_EQ(server_.ask(head(key + sized(100'000)) + std::string(100'000, 'x')).status, 200U);
  EXPECT_EQ(server_.charged_bytes(), 700'000U);
}

TEST_F(AdmissionTest, PackedBodyThatDecodesToNothingIsChargedByWhatWasSent) {
  server_.start();
  std::string body;
  while (body.size() < 300'000) body += gzipped("");
  EXPECT_EQ(server_.ask(head(key + "Content-Encoding: gzip\r\n" + sized(body.size())) + body).status, 200U);
  EXPECT_EQ(server_.charged_bytes(), body.size());
}

TEST_F(AdmissionTest, ShortBodyIsNotCountedForTheTenantOfTheRequestBefore) {
  server_.config.bodies_bytes_max = 200'000;
  server_.start();
  RawClient kept = server_.connect();
  kept.send(head(key + sized(40'000)) + std::string(40'000, 'x'));
  EXPECT_EQ(kept.receive().status, 200U);
  RawClient full = server_.connect();  // Alone, it may exceed the budget. Then its tenant has no room left.
  full.send(head(key + sized(400'000)) + std::string(399'999, 'x'));
  await_bodies(399'999);
  // A long head is read with most of the body behind it, so that the rest makes the body's memory grow past 16 KiB.
  kept.send(head("Padding: " + std::string(17'000, 'x') + "\r\n" + sized(16'384)) + std::string(16'384, 'x'));
  EXPECT_EQ(kept.receive().status, 200U);
  EXPECT_EQ(server_.asked(), 2U) << "it came with its head";
}

TEST_F(AdmissionTest, BodiesOfOneTenantLeaveRoomForThoseOfAnother) {
  server_.config.bodies_bytes_max = 2'000'000;
  server_.start();
  const std::string whole = packed(key, std::string(300'000, 'x'));
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(server_.connect());
    clients.back().send(whole.substr(0, whole.size() - 1));
  }
  while (stats().bodies_refused == 0) std::this_thread::yield();
  EXPECT_LE(stats().bodies_bytes, 1'000'000U);
  const std::string other = "Key: other\r\n";
  EXPECT_EQ(server_.ask(packed(other, std::string(400'000, 'x'))).status, 200U);
}

TEST_F(AdmissionTest, UnwantedBodyIsSkippedWithoutDecoding) {
  server_.start();
  RawClient client = server_.connect();
  client.send(packed("", std::string(400'000, 'x'), "/free") + head(sized(100'000), "/free") +
              std::string(100'000, 'x'));
  EXPECT_EQ(client.receive().body, "POST /free ");
  EXPECT_EQ(client.receive().body, "POST /free ");
  EXPECT_EQ(stats().inflated_bytes, 0U);
  EXPECT_EQ(client.send(head(sized(600'000), "/free")), true);
  EXPECT_EQ(client.receive().status, 413U);
}

TEST_F(AdmissionTest, RefusalOfTheKeyComesBeforeFaultsOfTheBody) {
  server_.start();
  for (const std::string& fields : {sized(600'000), "Content-Encoding: br\r\n" + sized(2)}) {
    EXPECT_EQ(server_.ask(head(fields) + "ab").status, 401U) << fields;
  }
  EXPECT_EQ(server_.ask(head(key + sized(600'000))).status, 413U);
  EXPECT_EQ(server_.ask(head(key + "Content-Encoding: br\r\n" + sized(2)) + "ab").status, 415U);
}

TEST_F(AdmissionTest, ExceptionInAdmissionFailsThatRequestOnly) {
  server_.start();
  EXPECT_EQ(server_.ask(head(sized(100'000), "/throw-admitting")).status, 500U);
  EXPECT_EQ(server_.ask(head(key + sized(2)) + "ab").status, 200U);
}

TEST_F(AdmissionTest, ConnectionThatEndsDuringAdmissionIsReleased) {
  server_.start();
  {
    RawClient client = server_.connect();
    client.send(head(key + sized(100'000), "/wait-admitted"));
    server_.gate.await_waiting(1);
  }
  server_.gate.open();
  while (stats().connections_open > 0) std::this_thread::yield();
  EXPECT_EQ(server_.handled(), 0U);
}

}  // namespace
}  // namespace triggers::http
