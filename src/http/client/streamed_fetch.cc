#include "http/client/streamed_fetch.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "http/client/blocking_socket.h"
#include "http/wire/request_writer.h"

namespace triggers::http {
namespace {

using State = ResponseParser::State;
using TlsStep = net::TlsClient::Step;

/// A piece of a stream that is not taken; or the whole body of a response that is no success.
constexpr std::size_t body_bytes_max = std::size_t{16} * 1024 * 1024;
constexpr std::size_t read_bytes = 16 * 1024;  // A TLS record.

}  // namespace

StreamedFetch::StreamedFetch(const Target& target, UniqueFd socket)
    : target_(target), socket_(std::move(socket)), parser_(false, body_bytes_max) {}

Error StreamedFetch::unreachable_here(const std::string& why) const {
  return unreachable(name_of(target_.server), why);
}

Result<std::unique_ptr<StreamedFetch>> StreamedFetch::open(const Target& target, const Request& request,
                                                           std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto socket = connect_blocking(target.server, deadline);
  if (!socket) return std::move(socket).error();
  std::unique_ptr<StreamedFetch> fetch(new StreamedFetch(target, *std::move(socket)));
  if (target.tls) {
    if (auto started = fetch->start_tls(deadline); !started) return std::move(started).error();
  }
  const std::string host = target.server.unix_path.empty() ? name_of(target.server) : "localhost";
  const std::string bytes = request_head(request, host, true).append(request.body);
  if (auto sent = fetch->send(bytes, deadline); !sent) return std::move(sent).error();
  if (auto received = fetch->receive_head(deadline); !received) return std::move(received).error();
  return fetch;
}

bool StreamedFetch::wait(TlsStep step, TimePoint deadline) const {
  return wait_for(socket_.get(), step == TlsStep::wants_write ? POLLOUT : POLLIN, deadline);
}

Status StreamedFetch::start_tls(TimePoint deadline) {
  auto context = net::TlsClientContext::create(target_.ca_file, true);
  if (!context) return std::move(context).error();
  tls_context_ = *std::move(context);
  tls_ = tls_context_->connect(socket_.get(), target_.server.host);
  for (;;) {
    const TlsStep step = tls_->handshake();
    if (step == TlsStep::done) return Done{};
    if (step == TlsStep::ended) return unreachable_here("it closed the connection during the TLS handshake");
    if (step == TlsStep::failed) return unreachable_here(tls_->error());
    if (!wait(step, deadline)) return unreachable_here("no TLS handshake in time");
  }
}

Status StreamedFetch::send(std::string_view bytes, TimePoint deadline) {
  if (!tls_) {
    if (send_all(socket_.get(), bytes, deadline)) return Done{};
    return unreachable_here("it closed the connection before it had the request");
  }
  while (!bytes.empty()) {
    std::size_t wrote = 0;
    const TlsStep step = tls_->write(bytes, wrote);
    if (step == TlsStep::done) {
      bytes.remove_prefix(wrote);
    } else if (step == TlsStep::ended || step == TlsStep::failed) {
      return unreachable_here("it closed the connection before it had the request");
    } else if (!wait(step, deadline)) {
      return unreachable_here("it did not take the request in time");
    }
  }
  return Done{};
}

ResponseParser::State StreamedFetch::feed_once() {
  std::array<char, read_bytes> piece;
  std::size_t got = 0;
  bool ended = false;
  waits_ = false;
  if (tls_) {
    switch (tls_->read(piece, got)) {
      case TlsStep::done: break;
      case TlsStep::wants_read:
      case TlsStep::wants_write: waits_ = true; return State::more;
      case TlsStep::ended: ended = true; break;
      case TlsStep::failed: return State::broken;
    }
  } else {
    const ssize_t received = ::recv(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    waits_ = received < 0 && (errno == EAGAIN || errno == EINTR);
    if (waits_) return State::more;
    if (received < 0) return State::broken;
    got = static_cast<std::size_t>(received);
    ended = received == 0;
  }
  return ended ? parser_.end() : parser_.feed({piece.data(), got});
}

Status StreamedFetch::receive_head(TimePoint deadline) {
  while (state_ == State::more) {
    if (parser_.has_head() && parser_.head().status / 100 == 2) break;
    state_ = feed_once();
    if (!waits_) continue;
    if (!wait_for(socket_.get(), POLLIN, deadline)) return unreachable_here("no answer in time");
  }
  if (state_ == State::broken) {
    return Error{ErrorCode::internal,
                 "the answer of " + name_of(target_.server) + " is not one that this client understands"};
  }
  response_.status = parser_.head().status;
  response_.headers = parser_.head().headers;
  if (response_.status / 100 != 2) response_.body = parser_.take_body();
  return Done{};
}

StreamedFetch::Step StreamedFetch::read(std::string& out) {
  for (;;) {
    if (state_ == State::more) state_ = feed_once();
    out += parser_.take_body();
    if (state_ == State::whole) return Step::ended;
    if (state_ == State::broken) return Step::broken;
    if (waits_ || out.size() >= body_bytes_max) return Step::more;
  }
}

}  // namespace triggers::http
