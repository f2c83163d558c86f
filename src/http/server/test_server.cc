#include "http/server/test_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace triggers::http {
namespace {

constexpr int patience_ms = 10'000;  // a test that waits so long has failed

}  // namespace

bool Gate::hold(std::coroutine_handle<> handle) {
  const MutexLock lock(mutex_);
  if (open_) return false;
  waiting_.emplace_back(&Executor::current(), handle);
  changed_.notify_all();
  return true;
}

void Gate::open() {
  const MutexLock lock(mutex_);
  open_ = true;
  for (const auto& [executor, handle] : waiting_) executor->resume({&handle, 1});
  waiting_.clear();
}

void Gate::await_waiting(std::size_t count) {
  MutexLock lock(mutex_);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{patience_ms};
  while (waiting_.size() < count && changed_.wait_until(lock, until) == std::cv_status::no_timeout) {
  }
}

RawClient::RawClient(std::uint16_t port, int receive_buffer_bytes) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer_bytes > 0) {
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

RawClient::RawClient(const std::string& unix_path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, unix_path.data(), unix_path.size());
  EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::send_end() { ::shutdown(socket_.get(), SHUT_WR); }

void RawClient::leave(bool rudely) {
  const linger reset{1, 0};
  if (rudely) ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  socket_ = UniqueFd();
}

bool RawClient::fill() {
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, patience_ms) <= 0) {
    ADD_FAILURE() << "nothing came";
    return false;
  }
  std::array<char, 16 * 1024> piece;
  const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
  if (got <= 0) return false;
  unread_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

RawResponse RawClient::receive(bool with_body) {
  RawResponse response;
  std::size_t end = 0;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return response;
  }
  response.head = unread_.substr(0, end + 4);
  unread_.erase(0, end + 4);
  response.status = static_cast<unsigned>(std::stoul(response.head.substr(9, 3)));
  const auto length_at = response.head.find("Content-Length: ");
  if (!with_body || length_at == std::string::npos) return response;
  const std::size_t length = std::stoul(response.head.substr(length_at + 16));
  while (unread_.size() < length) {
    if (!fill()) return RawResponse{};
  }
  response.body = unread_.substr(0, length);
  unread_.erase(0, length);
  return response;
}

std::optional<std::string> RawClient::receive_line() {
  std::size_t end = 0;
  while ((end = unread_.find("\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 2);
  return line;
}

std::optional<std::string> RawClient::receive_chunk() {
  const auto line = receive_line();
  if (!line) return std::nullopt;
  const std::size_t size = std::stoul(*line, nullptr, 16);
  while (unread_.size() < size + 2) {
    if (!fill()) return std::nullopt;
  }
  std::string chunk = unread_.substr(0, size);
  EXPECT_EQ(unread_.substr(size, 2), "\r\n");
  unread_.erase(0, size + 2);
  return chunk;
}

bool RawClient::readable_within(std::chrono::milliseconds time) {
  pollfd waiting{socket_.get(), POLLIN, 0};
  return !unread_.empty() || ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
}

std::string RawClient::receive_all() {
  while (fill()) {
  }
  return std::move(unread_);
}

bool RawClient::ends() { return unread_.empty() && !fill() && unread_.empty(); }

unsigned status_of(ProtocolProblem problem) noexcept {
  switch (problem) {
    case ProtocolProblem::malformed: return 400;
    case ProtocolProblem::header_too_large: return 431;
    case ProtocolProblem::answer_too_large:
    case ProtocolProblem::body_too_large: return 413;
    case ProtocolProblem::timeout: return 408;
    case ProtocolProblem::length_required: return 411;
    case ProtocolProblem::unsupported_encoding: return 415;
    case ProtocolProblem::bad_encoding: return 400;
    case ProtocolProblem::unsupported_expectation: return 417;
    case ProtocolProblem::version_not_supported: return 505;
    case ProtocolProblem::not_implemented: return 501;
    case ProtocolProblem::too_many_connections:
    case ProtocolProblem::too_many_bodies:
    case ProtocolProblem::shutting_down:
    case ProtocolProblem::out_of_time: return 503;
  }
  return 0;
}

TestServer& TestServer::start() {
  Handlers handlers;
  handlers.handle = [this](const Request& request) { return handle(request); };
  if (admits_) handlers.admit = [this](const Request& head) { return admit(head); };
  handlers.protocol_error = [](const ProtocolError& error, const Request& request) {
    Response response;
    response.status = status_of(error.problem);
    response.body = request.target + " " + error.detail;
    return response;
  };
  handlers.internal_error = [](const Request&) {
    Response response;
    response.status = 500;
    return response;
  };
  if (decodes_aside) handlers.decoders = &decoders;
  auto created = Server::create(config, std::move(handlers));
  if (!created) throw std::runtime_error(created.error().message);
  server = std::move(*created);
  server->start();
  return *this;
}

TestServer::~TestServer() {
  gate.open();
  server.reset();
}

RawResponse TestServer::ask(std::string_view bytes) const {
  RawClient client = connect();
  client.send(bytes);
  return client.receive();
}

std::vector<std::string> TestServer::targets() {
  const MutexLock lock(mutex_);
  return targets_;
}

namespace {

/// Counts the decoded size of its body.
struct CountingTicket final : Ticket {
  explicit CountingTicket(std::atomic<std::size_t>& bytes) : bytes_(bytes) {}
  void body_grew_to(std::size_t bytes) override {
    bytes_ += bytes - counted_;
    counted_ = bytes;
  }

 private:
  std::atomic<std::size_t>& bytes_;
  std::size_t counted_ = 0;
};

}  // namespace

Task<Admission> TestServer::admit(const Request& head) {
  ++asked_;
  const std::string target = head.target;
  if (target == "/wait-admitted") co_await gate.wait();
  if (target == "/throw-admitting") throw std::runtime_error("thrown");
  const auto key = head.headers.find("Key");
  if (!key && target != "/free") {
    Response response;
    response.status = 401;
    co_return response;
  }
  auto ticket = std::make_shared<CountingTicket>(charged_bytes_);
  ticket->holder = key.value_or("anybody");
  ticket->takes_body = target != "/free";
  co_return std::shared_ptr<Ticket>(std::move(ticket));
}

Task<Response> TestServer::handle(const Request& request) {
  ++handled_;
  {
    const MutexLock lock(mutex_);
    targets_.push_back(request.target);
  }
  if (handler) co_return co_await handler(request);
  Response response;
  response.content_type = "text/plain";
  if (request.target == "/throw") throw std::runtime_error("thrown");
  if (request.target == "/wait") co_await gate.wait();
  if (request.target == "/close") response.close = true;
  if (request.target == "/large") {
    response.body.assign(8 * 1024 * 1024, 'x');
    co_return response;
  }
  response.body.append(method_name(request.method)).append(" ").append(request.target).append(" ").append(request.body);
  if (request.target == "/peer") response.body = request.peer.local ? "local" : request.peer.address;
  co_return response;
}

}  // namespace triggers::http
