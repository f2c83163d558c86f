#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "http/wire/message.h"

namespace triggers {
class TurnPool;
}

namespace triggers::http {

/// What a server is started with. Every limit has an answer: see the comment of each.
struct ServerConfig {
  std::string host = "0.0.0.0";  ///< Address or name to listen on.
  std::uint16_t port = 8000;     ///< 0 takes a free one; Server::port() tells which.
  std::string unix_socket_path;  ///< Also listen here (mode 0600); empty: do not.
  std::string unix_socket_name;  ///< What messages call it; empty: its path.
  unsigned threads = 0;          ///< IO threads; 0: chosen from the number of cores.
  std::string tls_cert_path;     ///< PEM chain; with tls_key_path: TLS 1.2 or later on the TCP port.
  std::string tls_key_path;      ///< PEM.
  /// One more takes the place of the one that has waited longest without a request under way (http/eviction.h), which
  /// is closed. If there is none, the new one is answered 503 with Retry-After and closed.
  std::size_t connections_max = 10'000;
  std::size_t refusing_max = 256;            ///< Connections that are being told so at once; more are closed unheard.
  std::size_t header_bytes_max = 32 * 1024;  ///< Request line and fields; more is 431.
  std::size_t body_bytes_max = 512 * 1024;   ///< After decoding; more is 413. See body_bytes_max_for.
  /// The limit for one request's target, if it differs by path (a batch may be larger); may be empty.
  std::function<std::size_t(Method, std::string_view target)> body_bytes_max_for;
  /// Of all bodies that are held at once, from their first byte to their answer, in fair shares for each
  /// Ticket::holder (base/fair_budget.h); a body that finds no room is 503. A body that needs no more than a
  /// connection's buffer does not count.
  std::size_t bodies_bytes_max = 256 * 1024 * 1024;
  /// From the first byte (of a connection's first request: from the accept) to the end of the fields; then 408 and
  /// close.
  std::chrono::milliseconds header_deadline{10'000};
  /// From the end of the fields to the end of the body; then 408 and close.
  std::chrono::milliseconds body_deadline{30'000};
  std::chrono::milliseconds idle_deadline{75'000};   ///< Between requests; then close without a word.
  std::chrono::milliseconds write_deadline{30'000};  ///< For a peer that does not read its answer; then close.
};

/// Why a request never reached the handler.
enum class ProtocolProblem {
  malformed,         ///< 400: not HTTP/1.1, or framing that two readers could read differently. The connection closes.
  header_too_large,  ///< 431
  body_too_large,    ///< 413: `limit_bytes` says the limit, `size_bytes` the declared size if there was one.
  timeout,           ///< 408
  length_required,   ///< 411
  unsupported_encoding,     ///< 415: a Content-Encoding other than gzip or identity.
  bad_encoding,             ///< 400: the gzip stream is broken or cut.
  unsupported_expectation,  ///< 417
  version_not_supported,    ///< 505
  not_implemented,          ///< 501: a Transfer-Encoding other than chunked.
  too_many_connections,     ///< 503
  too_many_bodies,          ///< 503: ServerConfig::bodies_bytes_max.
  shutting_down,            ///< 503
  out_of_time,              ///< 503: the handler had not ended when its caller's time was over.
  answer_too_large,         ///< 413: the handler's answer is over `limit_bytes`, its caller's limit.
};

struct ProtocolError {
  ProtocolProblem problem;
  std::string detail;  ///< For a person; never the request's own bytes.
  std::size_t limit_bytes = 0;
  std::size_t size_bytes = 0;  ///< 0: unknown.
};

/// Answers requests. The request is the session's, and outlives the task. Called on an IO thread, many at a time
/// (one for each connection); an exception that leaves it becomes ProtocolProblem-less 500 by `internal_error`.
using Handler = std::function<Task<Response>(const Request&)>;
/// Decides by the head (no body yet) whether a request may send its body: a ticket, which goes to the handler with the
/// request, or the answer that refuses it. Not asked about a request without a body, nor about a body of at most 16 KiB
/// that is not encoded and had come with the head: it takes nothing that the connection does not have already.
using Admission = Result<std::shared_ptr<Ticket>, Response>;
using AdmissionHandler = std::function<Task<Admission>(const Request& head)>;
/// Makes the body of an answer that the server itself gives, in the API's own error format.
using ProtocolErrorHandler = std::function<Response(const ProtocolError&, const Request&)>;

/// Called on an IO thread once an answer has been handed to the kernel (or has failed to be).
struct Exchange {
  const Request& request;
  const Response& response;
  std::chrono::nanoseconds duration;  ///< From the last byte of the request to the answer's hand-over.
  std::size_t bytes_in, bytes_out;
};
using ExchangeObserver = std::function<void(const Exchange&)>;

struct Handlers {
  Handler handle;
  AdmissionHandler admit;  ///< May be empty: then every request may send its body.
  ProtocolErrorHandler protocol_error;
  std::function<Response(const Request&)> internal_error;  ///< For an exception that left `handle`: 500.
  ExchangeObserver observe;                                ///< May be empty.
  /// Where a body is decoded beyond its first 16 KiB, in turns by Ticket::holder. Null: on the IO loop, in slices.
  /// Outlives the server.
  TurnPool* decoders = nullptr;
};

/// Numbers for the metrics page. Any thread may ask.
struct ServerStats {
  std::size_t connections_open;
  std::size_t bodies_bytes;  ///< What counts against ServerConfig::bodies_bytes_max.
  std::uint64_t connections_accepted, connections_refused, bodies_refused, timeouts;
  std::uint64_t connections_evicted;  ///< Closed while they waited for a request, because no place was free.
  std::uint64_t refused_before_body;  ///< By AdmissionHandler: the body was not read, or read and dropped.
  std::uint64_t inflated_bytes;       ///< That gzip bodies were decoded to.
  std::uint64_t accept_failures;      ///< Out of file descriptors or memory; tried again after a pause.
};

/// An HTTP/1.1 server: keep-alive, pipelining, chunked and gzip bodies, 100-continue, TLS.
///
/// One acceptor hands connections to `threads` IO threads in turn; a connection stays on its thread.
class Server {
 public:
  /// Binds and listens, so that port() is known; serves nothing before run(). Error: the address is in use, a
  /// certificate cannot be read, … with the path or address in the message.
  static Result<std::unique_ptr<Server>> create(ServerConfig config, Handlers handlers);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server() = default;

  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Starts the IO threads. Does not block.
  virtual void start() = 0;
  /// From now on each answer ends its connection. New ones are still accepted: so clients and load balancers move to
  /// other servers before this one stops. Any thread.
  virtual void drain() = 0;
  /// Stops gracefully: closes the listeners, answers the requests that were read, closes idle connections, those whose
  /// client sends nothing of the request that it has begun for half a second, and after `grace` the rest. Blocks until
  /// every IO thread has ended: that is as long as the slowest handler takes.
  virtual void stop(std::chrono::milliseconds grace) = 0;
  [[nodiscard]] virtual ServerStats stats() const = 0;

 protected:
  Server() = default;
};

}  // namespace triggers::http
