#pragma once

// The connections that a pool has on one thread: which is free, which is too old, which request waits. One connection
// is in connection.h; the pool over all threads is in pool.h.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "http/client/connection.h"
#include "http/client/fetch_error.h"
#include "http/client/pool_config.h"
#include "net/io_executor.h"

namespace triggers::http {

/// What the shards of a pool share; constant.
struct ClientPoolShared {
  ClientPoolConfig config;
  std::unique_ptr<net::TlsClientContext> tls;  ///< nullptr: without.
  std::string host;                            ///< For the Host field: without the port if it is the usual one.
};

/// A pool's connections on one executor. That thread only.
class ClientShard {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  ClientShard(net::IoExecutor& executor, std::shared_ptr<const ClientPoolShared> shared);
  ClientShard(const ClientShard&) = delete;
  ClientShard& operator=(const ClientShard&) = delete;
  ~ClientShard();

  Task<Result<ClientResponse, FetchError>> fetch(Request request, TimePoint deadline);

 private:
  using Connection = std::unique_ptr<ClientConnection>;
  using Address = boost::asio::generic::stream_protocol::endpoint;

  /// A coroutine that waits for a connection, or for the host's addresses.
  struct Waiter {
    std::coroutine_handle<> handle;
    TimePoint deadline;
    Connection connection = nullptr;  ///< That another request has released to it; nullptr: it may open one.
    bool expired = false;
  };
  using Queue = std::list<Waiter*>;

  auto wait_in(Queue& queue, Waiter& waiter);
  void wake_first(Queue& queue, Connection connection);
  void wake_late(Queue& queue, TimePoint now);

  Task<Result<Connection, FetchError>> acquire(TimePoint deadline);
  Task<Result<Connection, FetchError>> open(TimePoint deadline);
  Task<Result<Done, FetchError>> find_addresses(TimePoint deadline);
  Connection take_idle();
  void release(Connection connection, bool reusable);
  void give_up_place();
  void use(ClientConnection& connection);
  void unuse(ClientConnection& connection);
  void look_up();
  void tick_soon();
  void tick();
  [[nodiscard]] std::string name() const;

  net::IoExecutor& executor_;
  std::shared_ptr<const ClientPoolShared> shared_;
  boost::asio::steady_timer timer_;
  boost::asio::ip::tcp::resolver resolver_;
  std::vector<Connection> idle_;           // the one used last is at the end
  std::vector<ClientConnection*> in_use_;  // their owners are coroutines
  std::size_t open_ = 0;                   // idle, in use, and being opened
  TimePoint answered_at_{};                // the newest answer
  Queue waiting_;                          // for a connection
  Queue resolving_;                        // for addresses_
  std::vector<Address> addresses_;
  TimePoint addresses_until_{};
  std::string lookup_error_;
  bool looking_up_ = false;
  bool ticking_ = false;
};

}  // namespace triggers::http
