#pragma once

// The keep-alive connection of one user: connecting, TLS, the timeout of a request, and the limit on memory that a
// thread's connections share. What a user sends is in user.h; finding the end of a response is in response_reader.h;
// waiting is in reactor.h.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "net/tls_client.h"
#include "swarm/load/own_shortages.h"
#include "swarm/load/reactor.h"
#include "swarm/load/response_reader.h"
#include "swarm/load/start_watch.h"
#include "swarm/load/target.h"

namespace triggers::swarm {

/// What the users of one kind share on a load thread, if they share anything: a script's Lua state, for instance.
class ThreadState {
 public:
  ThreadState() = default;
  ThreadState(const ThreadState&) = delete;
  ThreadState& operator=(const ThreadState&) = delete;
  virtual ~ThreadState() = default;
};

/// State that all connections of one load thread share.
struct ConnectionContext {
  Reactor& reactor;
  const Target& target;
  const net::TlsClientContext* tls = nullptr;  ///< Null if the target does not speak TLS.
  std::chrono::nanoseconds request_timeout{};
  StartWatch* start = nullptr;         ///< Null if nobody checks whether the test can start.
  ShortageCount* shortages = nullptr;  ///< Null if nobody counts what this machine lacks.
  std::string receive_buffer = std::string(64 * 1024, '\0');

  /// Limit on incomplete responses of all connections together. A single larger response is allowed; ResponseReader
  /// bounds it.
  static constexpr std::size_t incomplete_bytes_max = 256 * 1024 * 1024;
  std::size_t incomplete_bytes = 0;

  std::unique_ptr<ThreadState> script = {};  ///< Of the users of a script; null without one.
};

/// One user's keep-alive connection. It connects on the first request and again after the peer has closed. One request
/// at a time, on the reactor's thread.
class Connection final : private Reactor::Source {
 public:
  /// Called when a request, or an attempt to connect, has ended.
  class CompletionHandler {
   public:
    /// `error` is empty after a response, which stays readable until the next send(). Otherwise `error` is the text of
    /// the Python exception, as in Locust's files. Never called from within send() or open().
    virtual void finished(std::string_view error) = 0;

   protected:
    ~CompletionHandler() = default;
  };

  explicit Connection(ConnectionContext& context);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// The caller writes the next request here. The buffer keeps its capacity between requests.
  [[nodiscard]] std::string& request() noexcept { return request_; }
  /// Sends request() and calls `handler` when the request has ended. `timeout`: unset for that of the context.
  void send(CompletionHandler& handler, std::optional<std::chrono::nanoseconds> timeout = {});
  /// Connects without a request, so that the next one does not have to. Calls `handler` when that has ended.
  void open(CompletionHandler& handler);
  /// Drops the request, or the attempt to connect, and closes the connection; the handler is not called.
  void abandon();
  [[nodiscard]] const ResponseReader& response() const noexcept { return response_; }
  /// The response stays readable until the next send(), whatever other connections of the thread receive meanwhile.
  void keep_response() { response_.keep_views(); }
  /// Why the last request got no connection.
  [[nodiscard]] Unconnected unconnected() const noexcept { return unconnected_; }

 private:
  using TlsStep = net::TlsClient::Step;
  enum class State : std::uint8_t { closed, connecting, securing, idle, writing, reading };

  /// Fires when a request has timed out. It also reports what ended inside send() or open().
  class Deadline final : public Reactor::Timer {
   public:
    explicit Deadline(Connection& connection) : connection_(connection) {}
    void fire() override { connection_.timed_out(); }

   private:
    Connection& connection_;
  };

  /// Continues to read bytes that TLS has already buffered; epoll reports no event for them.
  class NextTurn final : public Reactor::Timer {
   public:
    explicit NextTurn(Connection& connection) : connection_(connection) {}
    void fire() override { connection_.read(); }

   private:
    Connection& connection_;
  };

  void begin(CompletionHandler& handler, std::chrono::nanoseconds timeout);
  void ready(std::uint32_t epoll_events) override;
  void connect_next(int error);
  void connected();
  void secure();
  void opened();
  void receive_while_idle();
  void write();
  void read();
  TlsStep receive(std::size_t& got);
  bool take(std::size_t got, bool ended);
  bool exceeds_memory_limit();
  void release_memory();
  void watch_for(std::uint32_t epoll_events);
  void timed_out();
  void finish(std::string error);
  void finish_unconnected(Unconnected why, std::string error);
  void close();

  ConnectionContext& context_;
  State state_ = State::closed;
  UniqueFd socket_;
  std::unique_ptr<net::TlsClient> tls_;
  std::uint32_t watched_ = 0;
  std::size_t next_address_ = 0;
  std::string request_;
  std::size_t written_ = 0;
  ResponseReader response_;
  CompletionHandler* handler_ = nullptr;
  MonotonicTime expires_{};
  std::chrono::nanoseconds timeout_{};       // of the current request
  std::optional<std::string> early_result_;  // the error of what ended inside begin(), reported one round later
  bool beginning_ = false;
  bool opening_ = false;  // without a request
  Unconnected unconnected_ = Unconnected::no;
  std::size_t held_bytes_ = 0;  // the part of context_.incomplete_bytes that response_ holds
  Deadline deadline_{*this};
  NextTurn next_turn_{*this};
};

}  // namespace triggers::swarm
