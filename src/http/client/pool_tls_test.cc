// The client's pool over TLS: which certificates it accepts. Without TLS: pool_test.cc.

#include <gtest/gtest.h>

#include "base/sync_wait.h"
#include "http/client/pool.h"
#include "http/server/test_server.h"
#include "net/test_certificates.h"

namespace triggers::http {
namespace {

using std::chrono::steady_clock;
using FetchResult = Result<ClientResponse, FetchError>;

/// A real server behind TLS, and a pool that must or must not believe it.
class ClientPoolTls : public testing::Test {
 protected:
  void serve(const net::CertificateFiles& files) {
    server.config.tls_cert_path = files.certificate;
    server.config.tls_key_path = files.key;
    server.start();
  }
  std::unique_ptr<ClientPool> pool(const std::string& host, const std::string& ca_file) {
    ClientPoolConfig config;
    config.server.host = host;
    config.server.port = server.server->port();
    config.tls = true;
    config.ca_file = ca_file;
    return ClientPool::create(std::move(config)).value();
  }
  static FetchResult ask(ClientPool& pool, std::string target = "/s", std::string body = "") {
    Request request;
    request.method = Method::post;
    request.target = std::move(target);
    request.body = std::move(body);
    return sync_wait(pool.fetch(std::move(request), steady_clock::now() + std::chrono::seconds{10}));
  }
  /// Refused before a byte of the request was sent, for the certificate's sake; the server's handler saw nothing.
  void expect_refused(const FetchResult& answer, const std::string& reason) {
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, FetchErrorCode::unreachable);
    EXPECT_FALSE(answer.error().sent);
    EXPECT_NE(answer.error().message.find("not to be trusted"), std::string::npos) << answer.error().message;
    EXPECT_NE(answer.error().message.find(reason), std::string::npos) << answer.error().message;
    EXPECT_EQ(server.handled(), 0U);
  }

  net::TestAuthority authority;
  TestServer server;
};

TEST_F(ClientPoolTls, CertificateOfATrustedAuthorityForTheHostIsAccepted) {
  serve(authority.issue("DNS:localhost"));
  const auto good = pool("localhost", authority.file());
  const std::string large(300 * 1024, 'x');
  for (int i = 0; i < 3; ++i) {
    const auto answer = ask(*good, "/s", large);
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->body, "POST /s " + large);
  }
  EXPECT_EQ(ask(*good, "/large")->body.size(), 8U * 1024 * 1024);
}

TEST_F(ClientPoolTls, AddressIsComparedWithTheCertificatesAddresses) {
  serve(authority.issue("IP:127.0.0.1"));
  EXPECT_TRUE(ask(*pool("127.0.0.1", authority.file())).ok());
}

TEST_F(ClientPoolTls, CertificateOfAnotherHostIsRefused) {
  serve(authority.issue("DNS:dynamodb.eu-west-1.amazonaws.com"));
  expect_refused(ask(*pool("localhost", authority.file())), "ostname mismatch");
  expect_refused(ask(*pool("127.0.0.1", authority.file())), "IP address mismatch");
}

TEST_F(ClientPoolTls, CertificateOfAnUntrustedAuthorityIsRefused) {
  serve(authority.issue("DNS:localhost"));
  const net::TestAuthority other;
  // It has the same name, so it is found by that.
  expect_refused(ask(*pool("localhost", other.file())), "certificate signature failure");
  expect_refused(ask(*pool("localhost", "")), "issuer certificate");
}

TEST_F(ClientPoolTls, SelfSignedCertificateIsRefused) {
  const net::TestAuthority itself;
  serve(itself.self_signed("DNS:localhost"));
  expect_refused(ask(*pool("localhost", authority.file())), "self");
}

TEST_F(ClientPoolTls, ExpiredCertificateIsRefused) {
  serve(authority.issue("DNS:localhost", -60));
  expect_refused(ask(*pool("localhost", authority.file())), "expired");
}

TEST_F(ClientPoolTls, ServerWithoutTlsIsRefused) {
  server.start();
  const auto answer = ask(*pool("localhost", authority.file()));
  ASSERT_FALSE(answer.ok());
  EXPECT_FALSE(answer.error().sent);
  EXPECT_EQ(server.handled(), 0U);
}

}  // namespace
}  // namespace triggers::http
