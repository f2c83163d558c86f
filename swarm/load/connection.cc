#include "swarm/load/connection.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/invariant.h"
#include "swarm/load/failure_text.h"

namespace triggers::swarm {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::string_view closed_without_answer =
    "RemoteDisconnected('Remote end closed connection without response')";
constexpr std::string_view cut_answer = "ChunkedEncodingError('Connection broken: the response was cut off')";
constexpr std::string_view not_http = "BadStatusLine('the response is not HTTP/1.1')";
constexpr std::string_view too_large_response = "ContentDecodingError('the response is larger than swarm reads')";
constexpr std::string_view head_request = "HEAD ";  // its response has no body
constexpr std::string_view too_many_incomplete = "MemoryError('incomplete responses use over 256 MiB together')";

/// Receives of one connection before other connections, timers and posted work run.
constexpr int receives_per_turn_max = 4;

/// True for errors of socket() and connect() that this machine causes, not the service. Counts them.
bool is_own_shortage(int error, ConnectionContext& context) {
  ShortageCount uncounted;
  return (context.shortages == nullptr ? uncounted : *context.shortages).count(error);
}

}  // namespace

Connection::Connection(ConnectionContext& context) : context_(context) {}

Connection::~Connection() {
  close();
  release_memory();
  context_.reactor.cancel(deadline_);
}

void Connection::send(CompletionHandler& handler, std::optional<nanoseconds> timeout) {
  opening_ = false;
  begin(handler, timeout.value_or(context_.request_timeout));
}

void Connection::open(CompletionHandler& handler) {
  INVARIANT(state_ == State::closed, "a connection is opened in state %d", static_cast<int>(state_));
  opening_ = true;
  begin(handler, context_.request_timeout);
}

void Connection::begin(CompletionHandler& handler, nanoseconds timeout) {
  INVARIANT(handler_ == nullptr, "a request is sent while another one is under way, in state %d",
            static_cast<int>(state_));
  handler_ = &handler;
  written_ = 0;
  response_.reset(!opening_ && request_.starts_with(head_request));
  release_memory();
  unconnected_ = Unconnected::no;
  beginning_ = true;
  const MonotonicTime expired_before = std::exchange(expires_, steady_clock::now() + timeout);
  timeout_ = timeout;
  // One timer serves many requests: it fires at the deadline of an old request and is then set for the newest. That of
  // an old request may be too late for one with a short timeout of its own.
  if (deadline_.waits() && expires_ < expired_before) context_.reactor.cancel(deadline_);
  if (!deadline_.waits()) context_.reactor.start(deadline_, expires_);
  if (state_ == State::idle) {
    state_ = State::writing;
    write();
  } else {
    next_address_ = 0;
    connect_next(0);
  }
  beginning_ = false;
}

void Connection::abandon() {
  handler_ = nullptr;
  early_result_.reset();
  close();
  response_.reset();
  release_memory();
  context_.reactor.cancel(deadline_);
}

void Connection::connect_next(int error) {
  const auto& addresses = context_.target.addresses;
  while (next_address_ < addresses.size()) {
    close();
    const Address& address = addresses[next_address_++];
    socket_ = UniqueFd{::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket_) {
      error = errno;
      break;  // out of descriptors: no other address helps
    }
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto* const name = reinterpret_cast<const sockaddr*>(address.bytes.data());
    if (::connect(socket_.get(), name, static_cast<socklen_t>(address.bytes.size())) == 0) return connected();
    if (errno == EINPROGRESS) {
      state_ = State::connecting;
      return watch_for(EPOLLOUT);
    }
    error = errno;
  }
  finish_unconnected(is_own_shortage(error, context_) ? Unconnected::own_shortage : Unconnected::refused,
                     connection_failure(error));
}

void Connection::connected() {
  if (context_.tls == nullptr) return opened();
  tls_ = context_.tls->connect(socket_.get(), context_.target.host);
  state_ = State::securing;
  secure();
}

void Connection::secure() {
  switch (tls_->handshake()) {
    case TlsStep::done: return opened();
    case TlsStep::wants_read: return watch_for(EPOLLIN);
    case TlsStep::wants_write: return watch_for(EPOLLOUT);
    case TlsStep::ended:
      return finish_unconnected(Unconnected::tls, "SSLError('the peer closed during the handshake')");
    case TlsStep::failed: return finish_unconnected(Unconnected::tls, "SSLError(" + python_repr(tls_->error()) + ")");
  }
}

void Connection::opened() {
  if (opening_) return finish({});
  state_ = State::writing;
  write();
}

void Connection::write() {
  while (written_ < request_.size()) {
    const auto rest = std::string_view(request_).substr(written_);
    if (tls_) {
      std::size_t wrote = 0;
      switch (tls_->write(rest, wrote)) {
        case TlsStep::done: written_ += wrote; continue;
        case TlsStep::wants_read: return watch_for(EPOLLIN);
        case TlsStep::wants_write: return watch_for(EPOLLIN | EPOLLOUT);
        case TlsStep::ended: return finish(std::string{closed_without_answer});
        case TlsStep::failed: return finish("SSLError(" + python_repr(tls_->error()) + ")");
      }
    }
    const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      written_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      return watch_for(EPOLLIN | EPOLLOUT);
    } else if (errno == EPIPE || errno == ECONNRESET) {
      break;  // the peer may have answered before it closed
    } else if (errno != EINTR) {
      return finish(connection_failure(errno));
    }
  }
  state_ = State::reading;
  watch_for(EPOLLIN);
}

/// Reads in turns. Otherwise a service that sends faster than we read would block all other connections, the request's
/// own timeout and the end of the test.
void Connection::read() {
  for (int turn = 0; turn < receives_per_turn_max; ++turn) {
    std::size_t got = 0;
    switch (receive(got)) {
      case TlsStep::done: break;
      case TlsStep::wants_read: return watch_for(EPOLLIN);
      case TlsStep::wants_write: return watch_for(EPOLLIN | EPOLLOUT);
      case TlsStep::ended: take(0, true); return;
      case TlsStep::failed:
        return finish(tls_ ? "SSLError(" + python_repr(tls_->error()) + ")" : connection_failure(errno));
    }
    if (!take(got, false)) return;
    // A short read has emptied the socket. TLS may have buffered more, and epoll would report no event for it.
    if (!tls_ && got < context_.receive_buffer.size()) return;
  }
  if (tls_) context_.reactor.start(next_turn_, steady_clock::now());
}

/// Receives into the context's buffer. Plain sockets report their result as a TLS step too.
Connection::TlsStep Connection::receive(std::size_t& got) {
  std::string& space = context_.receive_buffer;
  if (tls_) return tls_->read(space, got);
  for (;;) {
    const ssize_t received = ::recv(socket_.get(), space.data(), space.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return errno == EAGAIN ? TlsStep::wants_read : TlsStep::failed;
    got = static_cast<std::size_t>(received);
    return received == 0 ? TlsStep::ended : TlsStep::done;
  }
}

/// Feeds received bytes to the reader. True if the response is incomplete.
bool Connection::take(std::size_t got, bool ended) {
  const auto state = ended ? response_.end() : response_.feed({context_.receive_buffer.data(), got});
  const bool too_much = exceeds_memory_limit();
  if (state == ResponseReader::State::whole) {
    finish({});
  } else if (state == ResponseReader::State::broken) {
    finish(std::string{response_.over_limit() ? too_large_response
                       : !ended               ? not_http
                       : response_.begun()    ? cut_answer
                                              : closed_without_answer});
  } else if (too_much) {
    if (context_.shortages != nullptr) context_.shortages->count_memory();
    finish(std::string{too_many_incomplete});
  } else {
    return true;
  }
  return false;
}

bool Connection::exceeds_memory_limit() {
  context_.incomplete_bytes += response_.held_bytes() - held_bytes_;
  held_bytes_ = response_.held_bytes();
  return context_.incomplete_bytes > ConnectionContext::incomplete_bytes_max && context_.incomplete_bytes > held_bytes_;
}

/// Call it after the reader has released its memory.
void Connection::release_memory() {
  context_.incomplete_bytes -= held_bytes_;
  held_bytes_ = 0;
}

void Connection::ready(std::uint32_t epoll_events) {
  switch (state_) {
    case State::connecting: {
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      return error == 0 ? connected() : connect_next(error);
    }
    case State::securing: return secure();
    case State::writing:
      // A response that arrives before we have sent the whole request refuses it.
      if ((epoll_events & EPOLLIN) != 0 && !tls_) return read();
      return write();
    case State::reading: return read();
    case State::idle: return receive_while_idle();
    case State::closed: return;
  }
}

/// The peer closed, or sent bytes without a request. With TLS 1.3 these may be tickets for later sessions.
void Connection::receive_while_idle() {
  std::size_t got = 0;
  if (tls_ && tls_->read(context_.receive_buffer, got) == TlsStep::wants_read) return;
  close();
}

void Connection::watch_for(std::uint32_t epoll_events) {
  if (watched_ == epoll_events) return;
  if (watched_ == 0) {
    context_.reactor.watch(socket_.get(), *this, epoll_events);
  } else {
    context_.reactor.change(socket_.get(), *this, epoll_events);
  }
  watched_ = epoll_events;
}

void Connection::timed_out() {
  if (handler_ == nullptr) return;
  if (early_result_) {
    const std::string error = std::move(*early_result_);
    early_result_.reset();
    return finish(error);
  }
  if (steady_clock::now() < expires_) return context_.reactor.start(deadline_, expires_);
  finish(fmt::format("ReadTimeout('no response within {} s')", std::chrono::duration<double>(timeout_).count()));
}

void Connection::finish_unconnected(Unconnected why, std::string error) {
  unconnected_ = why;
  finish(std::move(error));
}

void Connection::finish(std::string error) {
  if (!error.empty()) {
    close();
    response_.reset();
    release_memory();
  }
  if (beginning_) {
    early_result_ = std::move(error);
    context_.reactor.start(deadline_, steady_clock::now());
    return;
  }
  if (error.empty() && opening_) {
    state_ = State::idle;
    watch_for(EPOLLIN);
  } else if (error.empty()) {
    state_ = State::idle;
    // If the peer responded before it had the whole request, it would take the next request for the rest of this one.
    if (response_.keeps_alive() && written_ == request_.size()) {
      watch_for(EPOLLIN);
    } else {
      close();
    }
  }
  CompletionHandler* const handler = handler_;
  INVARIANT(handler != nullptr, "a request ends that nobody waits for");
  handler_ = nullptr;
  handler->finished(error);
}

void Connection::close() {
  if (watched_ != 0) context_.reactor.forget(socket_.get(), *this);
  watched_ = 0;
  context_.reactor.cancel(next_turn_);
  tls_.reset();
  socket_.reset();
  state_ = State::closed;
}

}  // namespace triggers::swarm
