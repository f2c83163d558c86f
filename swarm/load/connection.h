#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls_client.h"
#include "net/unique_fd.h"
#include "swarm/load/reactor.h"
#include "swarm/load/response_reader.h"
#include "swarm/load/start_watch.h"
#include "swarm/load/target.h"

namespace triggers::swarm {

/// What the connections of one load thread share.
struct ConnectionContext {
  Reactor& reactor;
  const Target& target;
  const net::TlsClientContext* tls = nullptr;  ///< Null if the target does not speak TLS.
  std::chrono::nanoseconds request_timeout{};
  StartWatch* start = nullptr;  ///< Of the test; null where nobody wants to know.
  std::string receive_buffer = std::string(64 * 1024, '\0');

  /// Answers that have come in part, of all connections together. One that alone is larger is let be: its own bound is
  /// the reader's.
  static constexpr std::size_t answers_bytes_max = 256 * 1024 * 1024;
  std::size_t answers_bytes = 0;
};

/// One user's keep-alive connection: opened when it is first needed, opened again after the peer has closed it. One
/// request at a time. On its reactor's thread.
class Connection final : private Reactor::Source {
 public:
  /// Waits for the end of a request.
  class Exchange {
   public:
    /// `error` is empty after an answer, which can be read from the connection until it sends again; else it is what
    /// Python would call it, as Locust's files have it. Never called from within send().
    virtual void finished(std::string_view error) = 0;

   protected:
    ~Exchange() = default;
  };

  explicit Connection(ConnectionContext& context);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// The request to send, to be written by the caller. Keeps its space from request to request.
  [[nodiscard]] std::string& request() noexcept { return request_; }
  /// Sends request() and tells `exchange` when it has ended.
  void send(Exchange& exchange);
  /// Nobody waits for the answer any more: closes.
  void abandon();
  [[nodiscard]] const ResponseReader& response() const noexcept { return response_; }
  /// Why the last request had no connection.
  [[nodiscard]] Unconnected unconnected() const noexcept { return unconnected_; }

 private:
  using TlsStep = net::TlsClient::Step;
  enum class State : std::uint8_t { closed, connecting, securing, idle, writing, reading };

  /// A request without an answer in time; also carries a failure out of send().
  class Deadline final : public Reactor::Timer {
   public:
    explicit Deadline(Connection& connection) : connection_(connection) {}
    void fire() override { connection_.timed_out(); }

   private:
    Connection& connection_;
  };

  /// Goes on reading what TLS holds, of which no event tells.
  class NextTurn final : public Reactor::Timer {
   public:
    explicit NextTurn(Connection& connection) : connection_(connection) {}
    void fire() override { connection_.read(); }

   private:
    Connection& connection_;
  };

  void ready(std::uint32_t epoll_events) override;
  void connect_next(int error);
  void connected();
  void secure();
  void write();
  void read();
  TlsStep receive(std::size_t& got);
  bool take(std::size_t got, bool ended);
  bool holds_too_much();
  void let_go();
  void watch_for(std::uint32_t epoll_events);
  void timed_out();
  void finish(std::string error);
  void finish_unconnected(Unconnected why, std::string error);
  void close();

  ConnectionContext& context_;
  State state_ = State::closed;
  net::UniqueFd socket_;
  std::unique_ptr<net::TlsClient> tls_;
  std::uint32_t watched_ = 0;
  std::size_t next_address_ = 0;
  std::string request_;
  std::size_t written_ = 0;
  ResponseReader response_;
  Exchange* exchange_ = nullptr;
  MonotonicTime expires_{};
  std::string early_error_;  // a failure inside send(), told a round later
  bool sending_ = false;
  Unconnected unconnected_ = Unconnected::no;
  std::size_t held_bytes_ = 0;  // of response_, as far as context_ knows
  Deadline deadline_{*this};
  NextTurn next_turn_{*this};
};

}  // namespace triggers::swarm
