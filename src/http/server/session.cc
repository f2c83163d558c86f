#include "http/server/session.h"

#include <algorithm>
#include <utility>

#include "base/invariant.h"
#include "base/process_start.h"
#include "base/turn_pool.h"
#include "base/yield.h"
#include "http/server/session_host.h"
#include "log/log.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long and how much is read from a client that still sends when its answer says that the connection closes: were it
// closed at once, the system would reset it and the client might never read the answer (RFC 9112, section 9.6).
constexpr milliseconds linger_deadline{2'000};
constexpr std::size_t linger_bytes_max = 8 * 1024 * 1024;

// While the server stops: how long a client may send nothing of the request that it has begun. Nothing of it was
// accepted, so a connection that ends there loses nothing.
constexpr milliseconds stop_patience{500};

constexpr std::size_t body_buffer_bytes = 16 * 1024;  // for a body that cannot be read straight to its place
// After a refusal so much of a body is read and dropped, and the connection stays; a longer one ends it.
constexpr std::size_t dropped_bytes_max = 64 * 1024;

// With decoders, the loop decodes so much of a body, packed and unpacked together. Many connections may each have such
// a piece in one turn of the loop.
constexpr std::size_t decoded_here_bytes_max = 16 * 1024;
constexpr std::size_t slice_aside_bytes = 256 * 1024;  // Then another tenant has its turn.

}  // namespace

Session::Session(SessionHost& loop, ServerState& state, UniqueFd socket, Peer peer, bool refused, OpenCount counted)
    : loop_(loop),
      state_(state),
      transport_(loop.io(), std::move(socket)),
      parser_(state.limits),
      counted_(std::move(counted)),
      local_(peer.local),
      refused_(refused) {
  if (state_.tls && !local_) transport_.use_tls(state_.tls->layer(transport_.socket()));
  parser_.request().peer = std::move(peer);
  parser_.request().caller = this;
}

Session::~Session() { release_body(); }

RootTask Session::live() {
  try {
    co_await converse();
  } catch (...) {
    // Memory has run out, most likely. This connection ends; the others continue.
    log::error("connection_failed", {{"cause", cause_of(std::current_exception())}});
  }
  transport_.close();
  if (reads_ahead_) co_await end_reading_ahead();
  loop_.ended(*this);
}

Task<void> Session::converse() {
  bool open = true;
  if (transport_.has_tls()) open = co_await handshake();
  if (open && refused_) {
    ProtocolError problem{ProtocolProblem::too_many_connections, "too many connections are open",
                          state_.config.connections_max, 0};
    open = co_await respond_to_problem(std::move(problem));
  }
  while (open) open = co_await serve_request();
  if (lingers_) co_await linger();
}

Task<bool> Session::handshake() {
  if (loop_.stopping()) co_return false;  // accepted in the moment of the stop
  enter(Phase::handshake, state_.config.header_deadline);
  await_client();
  const net::IoOperation done = co_await transport_.handshake();
  client_goes_on();
  if (expired_) ++state_.timeouts;
  co_return !done.error && !expired_;
}

Task<bool> Session::serve_request() {
  parser_.reset();
  release_body();
  problem_.reset();
  refusal_.reset();
  const bool whole = co_await read_request();
  if (!whole) co_return false;
  first_ = false;
  if (refusal_) co_return co_await respond_before_body(std::move(*refusal_));
  if (parser_.state() == RequestParser::State::failed) problem_ = parser_.error();
  if (problem_) co_return co_await respond_to_problem(std::move(*problem_));

  INVARIANT(parser_.state() == RequestParser::State::complete, "a request is handled while its parser is in state %d",
            static_cast<int>(parser_.state()));
  INVARIANT(queue() == nullptr, "a request is handled while its connection may be evicted");
  phase_ = Phase::handling;
  deadline_ = TimePoint::max();
  const Request& request = parser_.request();
  Response response;
  bool failed = false;
  try {
    response = co_await state_.handlers.handle(request);
  } catch (...) {
    failed = true;  // whatever it was: the client gets its answer, and the other connections never notice
  }
  if (failed) response = state_.handlers.internal_error(request);
  const bool leaving = loop_.stopping() || state_.draining.load(std::memory_order_relaxed);
  const bool close = response.close || !parser_.keep_alive() || leaving;
  if (response.stream != nullptr) co_return co_await respond_with_stream(response, close);
  if (reads_ahead_) co_await end_reading_ahead();
  bool written = write_answer(response, close);
  if (!written) written = co_await write_rest(response);
  // If unread bytes remained, the system would reset the connection and the client could lose the response.
  if (written && close) lingers_ = transport_.has_tls() || !buffer_.empty() || transport_.available() > 0;
  co_return written && !close;
}

/// True if there is something to answer: a request, problem_, refusal_, or the parser's error.
Task<bool> Session::read_request() {
  enter(Phase::idle, first_ ? state_.config.header_deadline : state_.config.idle_deadline);
  for (;;) {
    feed_parser();
    if (parser_.state() != RequestParser::State::header && !body_unwanted()) leave_queue();
    if (parser_.has_more()) {
      const bool going = co_await take_turns();
      if (!going) co_return problem_.has_value();
    }
    switch (parser_.state()) {
      case RequestParser::State::complete:
        expired_ = false;   // The time ran out while the body waited for its decoder; the client had sent all.
        (void)hold_body();  // What came in one piece, or was packed small; a refusal is in problem_.
        co_return true;
      case RequestParser::State::failed: co_return true;
      case RequestParser::State::header:
        if (phase_ == Phase::idle && parser_.started()) {
          // The first request's time began with the connection.
          if (first_) phase_ = Phase::header;
          if (!first_) enter(Phase::header, state_.config.header_deadline);
        }
        break;
      case RequestParser::State::head:
        if (state_.handlers.admit && !body_has_come()) {
          const bool admitted = co_await admit();
          if (!admitted) co_return true;
        }
        begin_body();
        continue;
      case RequestParser::State::body:
        if (phase_ == Phase::body) break;
        enter(Phase::body, state_.config.body_deadline);
        if (parser_.expects_continue() && buffer_.empty() && parser_.body_bytes() == 0) {
          const bool sent = co_await send_continue();
          if (!sent) co_return false;
        }
        break;
    }
    if (phase_ == Phase::idle && loop_.stopping() && !transport_.has_untold()) co_return false;
    // After the watch of a handler has read the end, Asio would wait for ever: it tries no read without a new event.
    if (client_left_) co_return ended_early();
    const std::span<char> space = read_space();
    if (!hold_body()) co_return true;
    await_client();
    const net::IoOperation read = co_await transport_.read_some(space);
    if (!take_read(read)) co_return problem_.has_value();
  }
}

/// Whether the request may send its body. If not, refusal_ says why.
Task<bool> Session::admit() {
  phase_ = Phase::handling;
  deadline_ = TimePoint::max();
  Request& request = parser_.request();
  std::optional<Admission> admission;
  try {
    admission.emplace(co_await state_.handlers.admit(request));
  } catch (...) {
    admission.reset();  // As in serve_request().
  }
  if (admission && admission->ok()) {
    request.ticket = std::move(**admission);
    co_return true;
  }
  refusal_ = admission ? std::move(*admission).error() : state_.handlers.internal_error(request);
  co_return false;
}

/// True for a short body that arrived with its head and needs neither decoding nor further memory. The handler then
/// admits the request, like one without a body.
bool Session::body_has_come() noexcept {
  const auto bytes = parser_.plain_body_bytes();
  if (!bytes || *bytes > body_buffer_bytes) return false;
  const std::size_t here = buffer_.unread().size();
  return *bytes <= here || *bytes <= here + transport_.available();
}

/// The body under way is only dropped, or admission was not asked about it: anybody can send one, however slowly.
bool Session::body_unwanted() {
  if (!state_.handlers.admit || parser_.state() != RequestParser::State::body) return false;
  const Ticket* const ticket = parser_.request().ticket.get();
  return ticket == nullptr || !ticket->takes_body;
}

void Session::begin_body() {
  const Ticket* const ticket = parser_.request().ticket.get();
  if (!state_.handlers.admit) {
    body_share_ = FairBudget::Share(state_.bodies.get(), {});
  } else if (ticket != nullptr) {
    body_share_ = FairBudget::Share(state_.bodies.get(), ticket->holder);
  } else {
    body_share_ = {};  // Short, and of nobody yet: the connection's last request may have been another tenant's.
  }
  parser_.accept_body(ticket == nullptr || ticket->takes_body);
}

/// Decodes the bytes in the buffer, a slice at a time. False if that ends the request; problem_ then says why.
Task<bool> Session::take_turns() {
  if (phase_ != Phase::body) enter(Phase::body, state_.config.body_deadline);
  while (parser_.has_more()) {
    if (!hold_body() || (expired_ && timed_out())) co_return false;
    if (state_.handlers.decoders != nullptr) {
      co_await feed_aside();
      // A stop hurries the client only. It is not late because its body waited for a decoder.
      if (loop_.stopping()) expired_ = false;
      hurry();
    } else {
      co_await yield();
      feed_parser();
    }
  }
  co_return true;
}

/// How much of the body the loop itself decodes now.
std::size_t Session::slice_here() const noexcept {
  if (state_.handlers.decoders == nullptr) return RequestParser::slice_bytes_default;
  // Packed bytes too: an endless row of empty gzip members decodes to nothing.
  return decoded_here_bytes_max - std::min(decoded_here_bytes_max, parser_.decoded_bytes() + parser_.body_bytes());
}

/// Feeds the parser on a thread of the decoders. During that time the loop may close the connection, but does not use
/// the parser or the buffer.
Task<void> Session::feed_aside() {
  const Ticket* const ticket = parser_.request().ticket.get();
  const std::size_t before = parser_.decoded_bytes();
  auto feed = [this] { return parser_.feed(buffer_.unread(), slice_aside_bytes); };
  auto fed = state_.handlers.decoders->run(ticket != nullptr ? std::string_view(ticket->holder) : "", std::move(feed));
  const std::size_t used = co_await fed;
  buffer_.consume(used);
  count_decoded(before);
}

/// Where the next bytes go: the body itself if that is possible.
std::span<char> Session::read_space() {
  if (phase_ == Phase::idle) buffer_.release();
  std::span<char> space;
  if (buffer_.empty()) space = parser_.body_space();
  reads_body_ = !space.empty();
  if (reads_body_) return space;
  const std::size_t wanted = phase_ == Phase::body ? body_buffer_bytes : ReadBuffer::initial_bytes;
  return buffer_.space(wanted, std::max(state_.limits.header_bytes_max, body_buffer_bytes));
}

/// False if no more bytes will arrive; problem_ then has the error to send to the client.
bool Session::take_read(const net::IoOperation& read) {
  client_goes_on();
  if (expired_) return !timed_out();
  if (read.error) {
    if (read.error == boost::asio::error::eof) (void)ended_early();
    return false;
  }
  if (phase_ == Phase::body) hurry();  // It goes on: the grace bounds it as a whole.
  if (reads_body_) {
    parser_.body_written(read.bytes);
    charge_body();
  } else {
    buffer_.written(read.bytes);
  }
  return true;
}

/// The client sends no more. True if it has begun a request; then it gets a response.
bool Session::ended_early() {
  if (phase_ == Phase::idle) return false;
  problem_ = ProtocolError{ProtocolProblem::malformed, "the connection ended before the request did"};
  return true;
}

/// Always true. Sets problem_ if the client gets a response.
bool Session::timed_out() {
  expired_ = false;
  if (phase_ == Phase::idle && !first_) return true;
  if (loop_.stopping()) {
    // A header that did not end asked for nothing yet: no answer, as to an idle connection.
    if (phase_ == Phase::body) problem_ = ProtocolError{ProtocolProblem::shutting_down, "the server is stopping"};
    return true;
  }
  ++state_.timeouts;
  problem_ = ProtocolError{ProtocolProblem::timeout,
                           phase_ == Phase::body ? "the body did not come in time" : "the header did not come in time"};
  return true;
}

void Session::feed_parser() {
  if (buffer_.empty() && !parser_.has_more()) return;
  const bool header = parser_.state() == RequestParser::State::header;
  const std::size_t before = parser_.decoded_bytes();
  const std::size_t used = parser_.feed(buffer_.unread(), slice_here());
  buffer_.consume(used);
  if (!header) count_decoded(before);
}

void Session::count_decoded(std::size_t bytes_before) {
  if (parser_.decodes()) state_.inflated_bytes += parser_.decoded_bytes() - bytes_before;
  charge_body();
}

void Session::charge_body() {
  if (Ticket* const ticket = parser_.request().ticket.get()) {
    // Gzip may decode to less than was sent, as empty members do, and costs work by what was sent too.
    ticket->body_grew_to(std::max(parser_.decoded_bytes(), parser_.body_bytes()));
  }
}

/// Counts the memory of the body. If there is no room for it, frees the body and returns false.
bool Session::hold_body() {
  const std::size_t takes = parser_.body_memory_bytes();
  if (body_share_.resize(takes > body_buffer_bytes ? takes : 0)) return true;
  std::string{}.swap(parser_.request().body);  // An assignment would keep the memory.
  release_body();
  problem_ = ProtocolError{ProtocolProblem::too_many_bodies, "too many large bodies are being sent at once"};
  return false;
}

void Session::release_body() { body_share_.shrink(body_share_.bytes()); }

Task<bool> Session::send_continue() {
  constexpr std::string_view nothing_more;
  const net::IoOperation written = co_await transport_.write("HTTP/1.1 100 Continue\r\n\r\n", nothing_more);
  co_return !written.error && !expired_;
}

/// Builds the response and writes as much as the kernel accepts at once. False if more remains.
bool Session::write_answer(const Response& response, bool close) {
  const Framing framing{
      .head = parser_.request().method == Method::head, .close = close, .http10 = parser_.is_http10()};
  std::string& out = loop_.answer_buffer();
  const bool body_apart = write_response(out, response, framing, loop_.date());
  const std::string_view body = body_apart ? std::string_view(response.body) : std::string_view{};
  const std::size_t sent = transport_.write_now(out, body);
  INVARIANT(sent <= out.size() + body.size(), "%zu bytes were sent of an answer of %zu", sent,
            out.size() + body.size());
  if (sent == out.size() + body.size()) return true;
  const std::size_t head_sent = std::min(sent, out.size());
  unsent_.assign(out, head_sent);
  body_unsent_ = body.size() - (sent - head_sent);
  return false;
}

/// Writes what write_answer left.
Task<bool> Session::write_rest(const Response& response) {
  enter(Phase::writing, state_.config.write_deadline);
  const std::string_view body = response.body;
  const net::IoOperation rest = co_await transport_.write(unsent_, body.substr(body.size() - body_unsent_));
  std::string{}.swap(unsent_);
  co_return !rest.error;
}

/// Always the last answer of a connection.
Task<bool> Session::respond_to_problem(ProtocolError problem) {
  leave_queue();  // The client is still to be told.
  const Response response = state_.handlers.protocol_error(problem, parser_.request());
  lingers_ = write_answer(response, true);
  if (!lingers_) lingers_ = co_await write_rest(response);
  co_return false;
}

/// The answer to a request whose body is not wanted. The connection stays open if the rest of the body is short.
Task<bool> Session::respond_before_body(Response response) {
  if (response.status >= 400) ++state_.refused_before_body;
  const auto rest = parser_.body_bytes_declared();
  const bool short_rest = rest && *rest <= dropped_bytes_max && !parser_.expects_continue();
  const bool leaving = loop_.stopping() || state_.draining.load(std::memory_order_relaxed);
  const bool close = response.close || !parser_.keep_alive() || leaving || !short_rest;
  bool written = write_answer(response, close);
  if (!written) written = co_await write_rest(response);
  lingers_ = written && close;
  if (!written || close) co_return false;
  co_return co_await drop_rest();
}

/// Reads past a body that was refused.
Task<bool> Session::drop_rest() {
  parser_.drop_body();
  enter(Phase::closing, linger_deadline);
  for (;;) {
    feed_parser();
    if (parser_.state() != RequestParser::State::body) break;
    if (client_left_) co_return false;
    const std::span<char> space = read_space();
    await_client();  // Again after each read: a client that goes on is not silent since its answer.
    const net::IoOperation read = co_await transport_.read_some(space);
    if (read.error) co_return false;
    buffer_.written(read.bytes);
  }
  leave_queue();
  co_return parser_.state() == RequestParser::State::complete;
}

Task<void> Session::linger() {
  if (client_left_) co_return;  // All that it sent has been read.
  enter(Phase::closing, linger_deadline);
  await_client();
  if (transport_.has_tls()) {
    co_await transport_.shutdown_tls();
    co_return;
  }
  transport_.shutdown_send();
  for (std::size_t drained = 0; drained < linger_bytes_max;) {
    buffer_.consume(buffer_.unread().size());
    const std::span<char> space = buffer_.space(body_buffer_bytes, body_buffer_bytes);
    const net::IoOperation read = co_await transport_.read_some(space);
    if (read.error) co_return;
    drained += read.bytes;
  }
}

void Session::enter(Phase phase, milliseconds time) {
  phase_ = phase;
  entered_ = steady_clock::now();
  deadline_ = entered_ + time;
  hurry();
}

/// While the server stops, it does not wait for a client that has stopped sending, or does not read a stream, which has
/// no end of its own.
void Session::hurry() {
  const bool waits_for_peer = phase_ == Phase::idle || phase_ == Phase::header || phase_ == Phase::body ||
                              phase_ == Phase::closing || (phase_ == Phase::writing && streams_);
  if (loop_.stopping() && waits_for_peer) deadline_ = steady_clock::now() + stop_patience;
}

void Session::check_deadline(TimePoint now) {
  if (now < deadline_) return;
  deadline_ = TimePoint::max();
  if (phase_ == Phase::handling) return tell(Cancellation::Reason::timeout);
  if (phase_ == Phase::writing || phase_ == Phase::closing) {
    if (phase_ == Phase::writing) ++state_.timeouts;
    transport_.close();
    return;
  }
  expired_ = true;
  transport_.cancel();
}

void Session::stop() {
  const bool waits = phase_ == Phase::idle && !parser_.started() && !transport_.has_untold();
  if (waits || phase_ == Phase::handshake) transport_.cancel();
  tell(Cancellation::Reason::stopping);
  hurry();
}

}  // namespace triggers::http
