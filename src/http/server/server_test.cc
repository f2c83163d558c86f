// The server over plain sockets: requests, framing, limits, deadlines, the local socket. Each larger subject has a test
// file of its own beside this one.

#include "http/server/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <string>
#include <thread>

#include "http/client/fetch.h"
#include "http/server/test_server.h"
#include "http/wire/test_gzip.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string post(const std::string& body, const std::string& fields = "") {
  return "POST /p HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class ServerTest : public testing::Test {
 protected:
  TestServer server_;
};

TEST_F(ServerTest, ConnectionServesRequestAfterRequest) {
  server_.start();
  RawClient client = server_.connect();
  for (int i = 0; i < 3; ++i) {
    client.send(post("body"));
    const RawResponse response = client.receive();
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.body, "POST /p body");
    EXPECT_FALSE(response.has("Connection"));
    EXPECT_TRUE(response.has("\r\nServer: triggers\r\nDate: "));
  }
  EXPECT_EQ(server_.server->stats().connections_accepted, 1U);
  EXPECT_EQ(server_.server->stats().connections_open, 1U);
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  server_.start();
  RawClient client = server_.connect();
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += post(std::to_string(i));
  client.send(bytes);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(client.receive().body, "POST /p " + std::to_string(i));
}

TEST_F(ServerTest, PipelinedRequestWaitsForTheOneBefore) {
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/wait") + get("/next"));
  server_.gate.await_waiting(1);
  EXPECT_EQ(server_.handled(), 1U);
  server_.gate.open();
  EXPECT_EQ(client.receive().body, "GET /wait ");
  EXPECT_EQ(client.receive().body, "GET /next ");
}

TEST_F(ServerTest, RequestMayComeByteByByte) {
  server_.start();
  RawClient client = server_.connect();
  for (const char c : post("abc", "Transfer-Hint: none\r\n")) client.send({&c, 1});
  EXPECT_EQ(client.receive().body, "POST /p abc");
}

TEST_F(ServerTest, LargeBodiesGoBothWays) {
  server_.start();
  const std::string body(500'000, 'b');
  EXPECT_EQ(server_.ask(post(body)).body.size(), body.size() + 8);
  std::string chunked = "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 100; ++i) chunked += "1000\r\n" + std::string(4096, 'c') + "\r\n";
  EXPECT_EQ(server_.ask(chunked + "0\r\n\r\n").body.size(), 409'600U + 8);
  EXPECT_EQ(server_.ask(get("/large")).body.size(), 8U * 1024 * 1024);
}

TEST_F(ServerTest, GzipBodyIsDecoded) {
  server_.start();
  EXPECT_EQ(server_.ask(post(gzipped("hello"), "Content-Encoding: gzip\r\n")).body, "POST /p hello");
  EXPECT_EQ(server_.ask(post(gzipped(std::string(1'000'000, 'x')), "Content-Encoding: gzip\r\n")).status, 413U);
}

TEST_F(ServerTest, HeadIsAnsweredWithoutABody) {
  server_.start();
  RawClient client = server_.connect();
  client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n" + get("/g"));
  EXPECT_TRUE(client.receive(false).has("Content-Length: 8\r\n"));
  EXPECT_EQ(client.receive().body, "GET /g ");
}

TEST_F(ServerTest, ConnectionClosesWhenEitherSideSaysSo) {
  server_.start();
  for (const std::string& request :
       {get("/", "Connection: close\r\n"), get("/close"), std::string("GET / HTTP/1.0\r\n\r\n")}) {
    RawClient client = server_.connect();
    client.send(request);
    EXPECT_TRUE(client.receive().has("Connection: close\r\n")) << request;
    EXPECT_TRUE(client.ends()) << request;
  }
}

TEST_F(ServerTest, Http10ClientMayKeepTheConnection) {
  server_.start();
  RawClient client = server_.connect();
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(client.receive().has("Connection: keep-alive\r\n"));
  client.send(get("/again"));
  EXPECT_EQ(client.receive().status, 200U);
}

TEST_F(ServerTest, ContinueIsSentOnlyToAClientThatWaits) {
  server_.start();
  RawClient client = server_.connect();
  const std::string head = "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  client.send(head);
  EXPECT_EQ(client.receive().status, 100U);
  client.send("ab");
  EXPECT_EQ(client.receive().body, "POST /p ab");
  client.send(head + "cd");
  EXPECT_EQ(client.receive().body, "POST /p cd");
}

TEST_F(ServerTest, TooLargeABodyIsRefusedBeforeItIsSent) {
  server_.start();
  RawClient client = server_.connect();
  client.send("POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 524289\r\n\r\n");
  const RawResponse response = client.receive();
  EXPECT_EQ(response.status, 413U);
  EXPECT_TRUE(response.body.starts_with("/p "));
  EXPECT_TRUE(response.has("Connection: close\r\n"));
  client.send_end();
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, RefusalReachesAClientThatSendsOn) {
  server_.start();
  RawClient client = server_.connect();
  EXPECT_TRUE(client.send(post(std::string(6'000'000, 'x'))));
  EXPECT_EQ(client.receive().status, 413U);
  client.send_end();
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, ProtocolErrorsAreAnsweredObservedAndClose) {
  server_.start();
  const std::vector<std::pair<std::string, unsigned>> cases = {
      {"nonsense\r\n\r\n", 400},
      {"\x16\x03\x01", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {get("/", "X: a\r\n b\r\n"), 400},
      {get("/", "X: " + std::string(64 * 1024, 'x') + "\r\n"), 431},
      {get("/", "Expect: magic\r\n"), 417},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {get("/", "Transfer-Encoding: gzip\r\n"), 501},
      {post("x", "Content-Encoding: br\r\n"), 415},
      {post("x", "Content-Encoding: gzip\r\n"), 400},
      {post("x", "Content-Length: 2\r\n"), 400},
  };
  for (const auto& [bytes, status] : cases) {
    RawClient client = server_.connect();
    client.send(bytes);
    client.send(get("/behind"));
    const RawResponse response = client.receive();
    EXPECT_EQ(response.status, status) << bytes.substr(0, 100);
    EXPECT_TRUE(response.has("Connection: close\r\n")) << bytes.substr(0, 100);
    client.send_end();
    EXPECT_TRUE(client.ends()) << bytes.substr(0, 100);
  }
  EXPECT_EQ(server_.handled(), 0U);
}

TEST_F(ServerTest, RequestThatIsCutShortIsNotHandled) {
  server_.start();
  for (const std::string& bytes : {std::string("GET / HT"), get("/").substr(0, 20),
                                   std::string("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")}) {
    RawClient client = server_.connect();
    client.send(bytes);
    client.send_end();
    EXPECT_EQ(client.receive().status, 400U);
    EXPECT_TRUE(client.ends());
  }
  EXPECT_EQ(server_.handled(), 0U);
}

TEST_F(ServerTest, ClientThatClosedItsSideIsStillAnswered) {
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/last"));
  client.send_end();
  EXPECT_EQ(client.receive().body, "GET /last ");
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, ExceptionOfTheHandlerIs500AndTheConnectionGoesOn) {
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/throw") + get("/next"));
  EXPECT_EQ(client.receive().status, 500U);
  EXPECT_EQ(client.receive().body, "GET /next ");
}

TEST_F(ServerTest, PeerIsTheClientsAddress) {
  server_.start();
  EXPECT_EQ(server_.ask(get("/peer")).body, "127.0.0.1");
}

TEST_F(ServerTest, ManyClientsOnSeveralThreadsAreAllAnswered) {
  server_.config.threads = 3;
  server_.start();
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      RawClient client = server_.connect();
      for (int n = 0; n < 100; ++n) {
        const std::string body = std::to_string(i) + "." + std::to_string(n);
        client.send(post(body));
        EXPECT_EQ(client.receive().body, "POST /p " + body);
      }
    });
  }
  clients.clear();
  EXPECT_EQ(server_.handled(), 800U);
}

TEST_F(ServerTest, ConnectionsEndInAnyOrder) {
  server_.start();
  std::deque<RawClient> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(server_.connect());
  while (!clients.empty()) {
    for (RawClient& client : clients) {
      client.send(get("/"));
      EXPECT_EQ(client.receive().status, 200U);
    }
    RawClient last = std::move(clients[clients.size() / 2]);
    clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(clients.size() / 2));
    last.send(get("/close"));
    EXPECT_EQ(last.receive().status, 200U);
    EXPECT_TRUE(last.ends());
  }
  server_.stop();
  EXPECT_EQ(server_.server->stats().connections_open, 0U);
}

TEST_F(ServerTest, SlowBytesDoNotExtendTheHeaderDeadline) {
  server_.config.header_deadline = milliseconds{60};
  server_.start();
  RawClient client = server_.connect();
  client.send("GET / HTTP/1.1\r\nX: ");
  int sent = 0;
  for (; !client.readable_within(milliseconds{2}); ++sent) client.send("x");
  EXPECT_EQ(client.receive().status, 408U);
  EXPECT_GT(sent, 1);
  EXPECT_EQ(server_.server->stats().timeouts, 1U);
}

TEST_F(ServerTest, BodyDeadlineEndsASlowSender) {
  server_.config.body_deadline = milliseconds{50};
  server_.start();
  RawClient client = server_.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_EQ(client.receive().status, 408U);
  client.send_end();
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server_.handled(), 0U);
}

TEST_F(ServerTest, NewConnectionThatSaysNothingIsTimedOut) {
  server_.config.header_deadline = milliseconds{50};
  server_.start();
  EXPECT_EQ(server_.connect().receive().status, 408U);
}

TEST_F(ServerTest, IdleConnectionIsClosedWithoutAResponse) {
  server_.config.idle_deadline = milliseconds{50};
  server_.start();
  RawClient client = server_.connect();
  client.send(get("/"));
  EXPECT_EQ(client.receive().status, 200U);
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server_.server->stats().timeouts, 0U);
}

TEST_F(ServerTest, ClientThatDoesNotReadIsDropped) {
  server_.config.write_deadline = milliseconds{50};
  server_.start();
  RawClient client(server_.server->port(), 4096);
  client.send(get("/large"));
  while (server_.server->stats().timeouts == 0) std::this_thread::yield();
  EXPECT_LT(client.receive_all().size(), 8U * 1024 * 1024);
}

TEST_F(ServerTest, DeadlinesDoNotTouchAHandler) {
  server_.config.header_deadline = server_.config.body_deadline = milliseconds{20};
  server_.config.idle_deadline = server_.config.write_deadline = milliseconds{20};
  server_.start();
  RawClient waiting = server_.connect();
  waiting.send(get("/wait"));
  server_.gate.await_waiting(1);
  EXPECT_EQ(server_.connect().receive().status, 408U);  // so a deadline has passed
  server_.gate.open();
  EXPECT_EQ(waiting.receive().status, 200U);
}

TEST_F(ServerTest, ConnectionOverTheLimitGetsAnError) {
  server_.config.connections_max = 1;
  server_.start();
  RawClient first = server_.connect();
  first.send(get("/wait"));
  server_.gate.await_waiting(1);
  RawClient second = server_.connect();
  second.send(get("/"));
  EXPECT_EQ(second.receive().status, 503U);
  second.send_end();
  EXPECT_TRUE(second.ends());
  EXPECT_EQ(server_.server->stats().connections_refused, 1U);
  server_.gate.open();
  EXPECT_EQ(first.receive().status, 200U);
  first.send(get("/", "Connection: close\r\n"));
  EXPECT_EQ(first.receive().status, 200U);
  EXPECT_TRUE(first.ends());
  while (server_.server->stats().connections_open > 0) std::this_thread::yield();
  EXPECT_EQ(server_.ask(get("/")).status, 200U);
}

TEST_F(ServerTest, AcceptingSurvivesRunningOutOfDescriptors) {
  server_.start();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(server_.ask(get("/", "Connection: close\r\n")).status, 200U);
  while (server_.server->stats().connections_open > 0) std::this_thread::yield();
  const int free = ::dup(0);
  ::close(free);
  rlimit one_more = before;
  one_more.rlim_cur = static_cast<rlim_t>(free) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &one_more), 0);
  RawClient starved = server_.connect();  // has the last descriptor: there is none for the server's side
  starved.send(get("/starved"));
  // It waits between its attempts, though the listener stays ready.
  const auto since = std::chrono::steady_clock::now();
  while (server_.server->stats().accept_failures < 5) std::this_thread::yield();
  EXPECT_GE(std::chrono::steady_clock::now() - since, std::chrono::milliseconds{150});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(starved.receive().body, "GET /starved ");
}

TEST(ServerCreate, ErrorsSayWhere) {
  TestServer first;
  first.start();
  ServerConfig config;
  config.host = "127.0.0.1";
  config.port = first.server->port();
  const auto taken = Server::create(config, {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::conflict);
  EXPECT_NE(taken.error().message.find(std::to_string(config.port)), std::string::npos);
  config.port = 0;
  config.host = "no such host";
  EXPECT_FALSE(Server::create(config, {}));
  config.host = "127.0.0.1";
  config.unix_socket_path = "/tmp/" + std::string(110, 'x');
  EXPECT_FALSE(Server::create(config, {}));
}

TEST(ServerCreate, ServerThatWasNeverStartedCanBeDestroyed) {
  ServerConfig config;
  config.host = "127.0.0.1";
  config.port = 0;
  const auto server = Server::create(config, {});
  ASSERT_TRUE(server);
}

TEST(ServerCreate, DualStackServesBothFamilies) {
  TestServer server;
  server.config.host = "::";
  try {
    server.start();
  } catch (const std::exception&) {
    GTEST_SKIP() << "no IPv6 here";
  }
  EXPECT_EQ(server.ask(get("/peer")).body, "127.0.0.1");
}

class LocalSocketTest : public testing::Test {
 protected:
  LocalSocketTest() {
    std::string name = (std::filesystem::temp_directory_path() / "triggers-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    server_.config.unix_socket_path = path_ = directory_ + "/socket";
  }
  ~LocalSocketTest() override { std::filesystem::remove_all(directory_); }

  std::string directory_, path_;
  TestServer server_;
};

TEST_F(LocalSocketTest, IsTheOperatorsAlone) {
  server_.start();
  RawClient client(path_);
  client.send(get("/peer"));
  EXPECT_EQ(client.receive().body, "local");
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(LocalSocketTest, IsRemovedByStopping) {
  server_.start().stop();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(LocalSocketTest, OfADeadProcessIsReplaced) {
  {
    TestServer dead;
    dead.config.unix_socket_path = path_ + "2";
    dead.start();
    std::filesystem::rename(path_ + "2", path_);
  }
  ASSERT_TRUE(std::filesystem::exists(path_));
  server_.start();
  RawClient client(path_);
  client.send(get("/peer"));
  EXPECT_EQ(client.receive().body, "local");
}

TEST_F(LocalSocketTest, OfALiveProcessIsNotTaken) {
  server_.start();
  TestServer second;
  second.config.unix_socket_path = path_;
  EXPECT_THROW(second.start(), std::runtime_error);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(LocalSocketTest, FileInTheWayIsLeftAlone) {
  std::filesystem::create_directory(path_);
  EXPECT_THROW(server_.start(), std::runtime_error);
  EXPECT_TRUE(std::filesystem::is_directory(path_));
}

TEST_F(LocalSocketTest, LetsTheOperatorInWhenTheServerIsFull) {
  server_.config.connections_max = 0;
  server_.start();
  EXPECT_EQ(server_.ask(get("/")).status, 503U);
  RawClient client(path_);
  client.send(get("/"));
  EXPECT_EQ(client.receive().status, 200U);
}

TEST_F(LocalSocketTest, ClientExchangesOverEitherSocket) {
  server_.start();
  Request request;
  request.method = Method::post;
  request.target = "/p";
  request.body = std::string(100'000, 'x');
  for (const ServerAddress& address :
       {ServerAddress{.unix_path = path_}, ServerAddress{.port = server_.server->port()}}) {
    const auto response = fetch(address, request, std::chrono::seconds{5});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->body, "POST /p " + request.body);
    EXPECT_EQ(response->headers.find("content-type"), "text/plain");
  }
}

TEST_F(LocalSocketTest, ClientSaysThatNobodyListensOrAnswers) {
  const auto nobody = fetch(ServerAddress{.unix_path = path_}, Request{}, std::chrono::seconds{5});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::unavailable);
  server_.start();
  Request request;
  request.target = "/wait";
  const auto silent = fetch(ServerAddress{.unix_path = path_}, request, milliseconds{30});
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace triggers::http
