// The server over TLS: handshakes, versions, closing, stopping, eviction, bad certificate files. Without TLS:
// server_test.cc.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http/server/test_events.h"
#include "http/server/test_server.h"
#include "http/wire/caller.h"
#include "net/test_free_with.h"

namespace triggers::http {
namespace {

using Key = std::unique_ptr<EVP_PKEY, net::FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, net::FreeWith<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, net::FreeWith<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, net::FreeWith<SSL_free>>;
using File = std::unique_ptr<std::FILE, net::FreeWith<std::fclose>>;

/// A key and a certificate that it signed itself, as two PEM files.
void write_pair(const std::string& cert_path, const std::string& key_path) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate cert(X509_new());
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  X509_set_pubkey(cert.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(cert.get(), name);
  X509_sign(cert.get(), key.get(), EVP_sha256());
  PEM_write_X509(File(std::fopen(cert_path.c_str(), "w")).get(), cert.get());
  PEM_write_PrivateKey(File(std::fopen(key_path.c_str(), "w")).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "triggers-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    server_.config.tls_cert_path = directory_ + "/cert.pem";
    server_.config.tls_key_path = directory_ + "/key.pem";
    write_pair(server_.config.tls_cert_path, server_.config.tls_key_path);
  }
  ~TlsTest() override { std::filesystem::remove_all(directory_); }

  /// Connects with at most `version`; empty if the handshake fails.
  Ssl connect(int version = TLS1_3_VERSION) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_security_level(context_.get(), 0);
    socket_ = UniqueFd(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_.server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    Ssl ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), socket_.get());
    if (SSL_connect(ssl.get()) != 1) return {};
    return ssl;
  }

  static std::string ask(SSL* ssl, const std::string& bytes) {
    if (SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())) <= 0) return {};
    std::string answer(64 * 1024, '\0');
    const int got = SSL_read(ssl, answer.data(), static_cast<int>(answer.size()));
    answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return answer;
  }

  std::string directory_;
  TestServer server_;
  Context context_;
  UniqueFd socket_;
  std::vector<UniqueFd> kept_;
};

const std::string get = "GET /s HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(TlsTest, ConnectionServesRequestAfterRequest) {
  server_.start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Ssl ssl = connect(version);
    ASSERT_TRUE(ssl);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(ssl.get(), get).ends_with("GET /s ")) << version;
  }
}

TEST_F(TlsTest, ClosingIsToldByCloseNotify) {
  server_.start();
  const Ssl ssl = connect();
  ASSERT_TRUE(ssl);
  EXPECT_NE(ask(ssl.get(), "GET /close HTTP/1.1\r\nHost: a\r\n\r\n").find("200 OK"), std::string::npos);
  char byte = 0;
  EXPECT_EQ(SSL_get_error(ssl.get(), SSL_read(ssl.get(), &byte, 1)), SSL_ERROR_ZERO_RETURN);
}

TEST_F(TlsTest, LargeAnswerArrivesWhole) {
  server_.start();
  const Ssl ssl = connect();
  ASSERT_TRUE(ssl);
  std::size_t got = ask(ssl.get(), "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").size();
  std::string piece(64 * 1024, '\0');
  for (int n = 1; n > 0; got += static_cast<std::size_t>(std::max(n, 0))) {
    n = SSL_read(ssl.get(), piece.data(), static_cast<int>(piece.size()));
  }
  EXPECT_GT(got, 8U * 1024 * 1024);
}

TEST_F(TlsTest, StopAnswersAPartlyReceivedTlsRecord) {
  server_.start();
  const Ssl other = connect();
  const UniqueFd others_socket = std::move(socket_);
  const Context others_context = std::move(context_);
  const Ssl ssl = connect();
  ASSERT_TRUE(other && ssl);
  EXPECT_TRUE(ask(ssl.get(), get).ends_with("GET /s "));
  SSL_set0_wbio(ssl.get(), BIO_new(BIO_s_mem()));
  SSL_write(ssl.get(), get.data(), static_cast<int>(get.size()));
  char* record = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(SSL_get_wbio(ssl.get()), &record));
  ASSERT_GT(size, get.size());
  ASSERT_EQ(::send(socket_.get(), record, size / 2, MSG_NOSIGNAL), static_cast<ssize_t>(size / 2));
  // The loop reads in order of arrival, so it has read the part from the socket.
  EXPECT_TRUE(ask(other.get(), get).ends_with("GET /s "));
  std::thread stopping([this] { server_.stop(std::chrono::seconds{30}); });
  // The stop has reached every connection once it has ended the idle one.
  char byte = 0;
  EXPECT_LE(SSL_read(other.get(), &byte, 1), 0);
  EXPECT_GT(::send(socket_.get(), record + size / 2, size - size / 2, MSG_NOSIGNAL), 0);
  std::string answer(1024, '\0');
  const int got = SSL_read(ssl.get(), answer.data(), static_cast<int>(answer.size()));
  EXPECT_EQ(answer.substr(0, 15), "HTTP/1.1 200 OK") << got;
  stopping.join();
}

TEST_F(TlsTest, HandlerThatWaitsLearnsThatItsClientLeavesAndTheConnectionGoesOnAfterATimeout) {
  server_.config.body_deadline = std::chrono::milliseconds{40};  // so that deadlines are checked more often
  Events events;
  server_.handler = [&](const Request& request) -> Task<Response> {
    const auto time = request.target == "/short" ? std::chrono::seconds{0} : std::chrono::seconds{60};
    events.add(request.target);
    CallerWatch client(request, std::chrono::steady_clock::now() + time);
    UntilCancelled waiting(client.cancellation());
    Response response;
    response.body = name_of(co_await waiting);
    events.add(response.body);
    co_return response;
  };
  server_.start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Ssl ssl = connect(version);
    ASSERT_TRUE(ssl);
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(ask(ssl.get(), "GET /short HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("timeout")) << version;
    }
    const std::size_t before = events.await(0).size();
    SSL_write(ssl.get(), get.data(), static_cast<int>(get.size()));
    events.await(before + 1);
    SSL_shutdown(ssl.get());
    EXPECT_EQ(events.await(before + 2).back(), "gone") << version;
    ssl.reset();
    socket_ = UniqueFd();
    while (server_.server->stats().connections_open > 0) std::this_thread::yield();
  }
}

TEST_F(TlsTest, StreamArrivesWholeWhileTheClientSends) {
  struct Body final : StreamedBody {
    explicit Body(const Request& of) : StreamedBody({}), request(of) {}
    Task<bool> send(BodyWriter& writer) override {
      CallerWatch client(request, std::chrono::steady_clock::time_point::max());
      bool sent = true;
      for (int i = 0; i < 64 && sent; ++i) sent = co_await writer.write(std::string(32 * 1024, 'x'));
      co_return sent && !client.cancellation().cancelled();
    }
    const Request& request;
  };
  server_.handler = [](const Request& request) -> Task<Response> {
    Response response;
    if (request.target == "/stream") {
      response.set_stream(std::make_shared<Body>(request));
    } else {
      response.body = "after it";
    }
    co_return response;
  };
  server_.start();
  const Ssl ssl = connect();
  ASSERT_TRUE(ssl);
  std::string received = ask(ssl.get(), "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string half = get.substr(0, get.size() / 2);
  SSL_write(ssl.get(), half.data(), static_cast<int>(half.size()));
  SSL_write(ssl.get(), get.data() + half.size(), static_cast<int>(get.size() - half.size()));
  std::string piece(64 * 1024, '\0');
  while (!received.ends_with("after it")) {
    const int got = SSL_read(ssl.get(), piece.data(), static_cast<int>(piece.size()));
    ASSERT_GT(got, 0);
    received.append(piece, 0, static_cast<std::size_t>(got));
  }
  EXPECT_EQ(std::ranges::count(received, 'x'), 64 * 32 * 1024);
  EXPECT_NE(received.find("\r\n0\r\n\r\nHTTP/1.1 200 OK"), std::string::npos);
}

TEST_F(TlsTest, OldVersionsAreRefused) {
  server_.start();
  EXPECT_FALSE(connect(TLS1_1_VERSION));
}

TEST_F(TlsTest, PlainTextGetsNoAnswerAndHarmsNobody) {
  server_.start();
  RawClient plain = server_.connect();
  plain.send(get);
  EXPECT_EQ(plain.receive_all().find("HTTP/"), std::string::npos);
  const Ssl ssl = connect();
  ASSERT_TRUE(ssl);
  EXPECT_TRUE(ask(ssl.get(), get).ends_with("GET /s "));
}

TEST_F(TlsTest, HandshakeHasTheHeaderDeadline) {
  server_.config.header_deadline = std::chrono::milliseconds{50};
  server_.start();
  EXPECT_TRUE(server_.connect().ends());
  EXPECT_EQ(server_.server->stats().timeouts, 1U);
}

TEST_F(TlsTest, StopEndsTlsConnections) {
  server_.start();
  const Ssl idle = connect();
  ASSERT_TRUE(idle);
  EXPECT_TRUE(ask(idle.get(), get).ends_with("GET /s "));
  server_.stop();
  char byte = 0;
  EXPECT_LE(SSL_read(idle.get(), &byte, 1), 0);
}

TEST_F(TlsTest, ConnectionInItsHandshakeDoesNotHoldUpStopping) {
  server_.start();
  RawClient silent = server_.connect();
  while (server_.server->stats().connections_open == 0) std::this_thread::yield();
  const auto begin = std::chrono::steady_clock::now();
  server_.stop(std::chrono::seconds{10});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
  EXPECT_TRUE(silent.ends());
}

TEST_F(TlsTest, UnfinishedHandshakesAndIdleConnectionsAreEvicted) {
  server_.config.connections_max = 4;
  server_.start();
  std::vector<RawClient> silent;
  for (int i = 0; i < 4; ++i) {
    silent.push_back(server_.connect());
    if (i % 2 == 0) silent.back().send("\x16\x03\x01");
  }
  for (int i = 1; i <= 6; ++i) {
    const Ssl ssl = connect();
    ASSERT_TRUE(ssl) << i;
    EXPECT_TRUE(ask(ssl.get(), get).ends_with("GET /s ")) << i;
    if (i <= 4) {
      EXPECT_TRUE(silent[static_cast<std::size_t>(i - 1)].ends());
    }
    kept_.push_back(std::move(socket_));
  }
  EXPECT_EQ(server_.server->stats().connections_evicted, 6U);
  EXPECT_EQ(server_.server->stats().connections_refused, 0U);
}

TEST_F(TlsTest, BadFilesAreRefusedByName) {
  const ServerConfig good = server_.config;
  const auto message = [&](const std::string& cert, const std::string& key) {
    ServerConfig config = good;
    config.host = "127.0.0.1";
    config.port = 0;
    config.tls_cert_path = cert;
    config.tls_key_path = key;
    const auto created = Server::create(config, {});
    return created ? std::string{} : created.error().message;
  };
  const std::string other_key = directory_ + "/other.pem";
  write_pair(directory_ + "/other-cert.pem", other_key);
  const std::string nonsense = directory_ + "/nonsense.pem";
  std::ofstream(nonsense) << "nonsense";
  EXPECT_EQ(message(good.tls_cert_path, good.tls_key_path), "");
  EXPECT_NE(message(directory_ + "/absent", good.tls_key_path).find(directory_ + "/absent"), std::string::npos);
  EXPECT_NE(message(nonsense, good.tls_key_path).find(nonsense), std::string::npos);
  EXPECT_NE(message(good.tls_cert_path, directory_ + "/absent").find(directory_ + "/absent"), std::string::npos);
  EXPECT_NE(message(good.tls_cert_path, other_key).find(other_key), std::string::npos);
  EXPECT_NE(message(good.tls_cert_path, ""), "");
}

}  // namespace
}  // namespace triggers::http
