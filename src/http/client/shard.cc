#include "http/client/shard.h"

#include <algorithm>

#include "base/invariant.h"
#include "http/wire/request_writer.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds tick_busy{5};
constexpr milliseconds tick_idle{1'000};           // only old connections are to be closed
constexpr std::chrono::seconds addresses_kept{5};  // a large service changes them about as often

}  // namespace

ClientShard::ClientShard(net::IoExecutor& executor, std::shared_ptr<const ClientPoolShared> shared)
    : executor_(executor), shared_(std::move(shared)), timer_(executor.io()), resolver_(executor.io()) {}

ClientShard::~ClientShard() = default;

std::string ClientShard::name() const {
  return shared_->config.server.host + ":" + std::to_string(shared_->config.server.port);
}

Task<Result<ClientResponse, FetchError>> ClientShard::fetch(Request request, TimePoint deadline) {
  auto acquired = co_await acquire(deadline);
  if (!acquired) co_return std::move(acquired).error();
  Connection connection = std::move(acquired).value();
  // The process may have been suspended while it waited. A request that is sent late would take effect late.
  if (steady_clock::now() >= deadline) {
    release(std::move(connection), true);
    co_return FetchError{FetchErrorCode::timed_out, false, "the time was over before the request could be sent"};
  }
  connection->begin(deadline);
  use(*connection);
  const std::string head = request_head(request, shared_->host, false);
  ResponseParser parser(request.method == Method::head, shared_->config.response_bytes_max);
  const std::string not_sent = co_await connection->send(head, request.body);
  // A server that refuses a request responds before it has read it all, so the response is read even if sending failed.
  std::string why = not_sent;
  if (!connection->expired()) why = co_await connection->receive(parser);
  unuse(*connection);
  if (!why.empty()) {
    const FetchErrorCode code = connection->expired() ? FetchErrorCode::timed_out : FetchErrorCode::broken;
    FetchError error{code, connection->sent_bytes() > 0, name() + ": " + (not_sent.empty() ? why : not_sent)};
    release(std::move(connection), false);
    co_return error;
  }
  answered_at_ = steady_clock::now();
  release(std::move(connection), not_sent.empty() && parser.reusable());
  co_return parser.take();
}

auto ClientShard::wait_in(Queue& queue, Waiter& waiter) {
  struct Awaiter {
    ClientShard& shard;
    Queue& queue;
    Waiter& waiter;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter.handle = handle;
      queue.push_back(&waiter);
      shard.tick_soon();
    }
    void await_resume() const noexcept {}
  };
  return Awaiter{*this, queue, waiter};
}

/// Resumed by way of the executor: one that fails at once wakes the next, and ten thousand must not make one stack.
void ClientShard::wake_first(Queue& queue, Connection connection) {
  Waiter& waiter = *queue.front();
  queue.pop_front();
  waiter.connection = std::move(connection);
  executor_.resume({&waiter.handle, 1});
}

void ClientShard::wake_late(Queue& queue, TimePoint now) {
  std::erase_if(queue, [&](Waiter* waiter) {
    if (now < waiter->deadline) return false;
    waiter->expired = true;
    executor_.resume({&waiter->handle, 1});
    return true;
  });
}

Task<Result<ClientShard::Connection, FetchError>> ClientShard::acquire(TimePoint deadline) {
  const auto& config = shared_->config;
  if (waiting_.empty()) {
    if (Connection idle = take_idle()) co_return idle;
  }
  if (open_ < config.connections_max) {
    ++open_;
    co_return co_await open(deadline);
  }
  if (waiting_.size() >= config.waiting_max) {
    co_return FetchError{FetchErrorCode::overloaded, false, "too many requests wait for " + name()};
  }
  const TimePoint since = steady_clock::now();
  // Half of the time is for the request itself: one that begins late would time out, as if the peer were silent.
  Waiter waiter{.handle = nullptr, .deadline = since + (deadline - since) / 2};
  co_await wait_in(waiting_, waiter);
  if (waiter.expired) {
    // If responses arrived meanwhile, the peer works, and too many requests wait.
    const FetchErrorCode code = answered_at_ > since ? FetchErrorCode::overloaded : FetchErrorCode::timed_out;
    co_return FetchError{code, false, "no connection to " + name() + " was free in time"};
  }
  if (waiter.connection) co_return std::move(waiter.connection);
  co_return co_await open(deadline);
}

ClientShard::Connection ClientShard::take_idle() {
  const TimePoint now = steady_clock::now();
  const auto wall = std::chrono::system_clock::now();
  const auto idle_max = shared_->config.idle_max;
  while (!idle_.empty()) {
    Connection connection = std::move(idle_.back());
    idle_.pop_back();
    // While a machine is frozen, its steady clock may stand still, and the peer may close.
    const bool fresh = now - connection->idle_since < idle_max && wall - connection->idle_since_wall < idle_max;
    if (fresh && !connection->stale()) return connection;
    give_up_place();
  }
  return nullptr;
}

/// The place in open_ is the caller's already; it is given back if there is an error.
Task<Result<ClientShard::Connection, FetchError>> ClientShard::open(TimePoint deadline) {
  const auto found = co_await find_addresses(deadline);
  if (!found) {
    release(nullptr, false);
    co_return found.error();
  }
  auto connection = std::make_unique<ClientConnection>(executor_.io());
  use(*connection);
  std::string why;
  const std::vector<Address> addresses = addresses_;
  for (const Address& address : addresses) {
    connection->begin(std::min(deadline, steady_clock::now() + shared_->config.connect_timeout));
    why = co_await connection->connect(address);
    if (why.empty() && shared_->tls) {
      why = co_await connection->handshake(*shared_->tls, shared_->config.server.host);
    }
    if (why.empty()) {
      unuse(*connection);
      co_return std::move(connection);
    }
    connection->close();
    if (steady_clock::now() >= deadline) break;
  }
  unuse(*connection);
  release(nullptr, false);
  const FetchErrorCode code = steady_clock::now() >= deadline ? FetchErrorCode::timed_out : FetchErrorCode::unreachable;
  co_return FetchError{code, false, "cannot reach " + name() + ": " + why};
}

Task<Result<Done, FetchError>> ClientShard::find_addresses(TimePoint deadline) {
  if (!addresses_.empty() && steady_clock::now() < addresses_until_) co_return Done{};
  boost::system::error_code error;
  const auto literal = boost::asio::ip::make_address(shared_->config.server.host, error);
  if (!error) {
    addresses_ = {Address(boost::asio::ip::tcp::endpoint(literal, shared_->config.server.port))};
    addresses_until_ = TimePoint::max();
    co_return Done{};
  }
  if (!looking_up_) look_up();
  Waiter waiter{.handle = nullptr, .deadline = deadline};
  co_await wait_in(resolving_, waiter);
  if (waiter.expired) {
    co_return FetchError{FetchErrorCode::timed_out, false, "the address of " + name() + " was not found in time"};
  }
  if (addresses_.empty()) {
    co_return FetchError{FetchErrorCode::unreachable, false, "cannot find " + name() + ": " + lookup_error_};
  }
  co_return Done{};
}

/// Asio calls getaddrinfo on a thread of its own. The executor's destructor waits for that thread.
void ClientShard::look_up() {
  using Resolver = boost::asio::ip::tcp::resolver;
  looking_up_ = true;
  const auto& server = shared_->config.server;
  resolver_.async_resolve(server.host, std::to_string(server.port), Resolver::numeric_service,
                          [this](const boost::system::error_code& error, const Resolver::results_type& found) {
                            if (error == boost::asio::error::operation_aborted) return;
                            looking_up_ = false;
                            // Keep the old addresses if the look-up fails.
                            if (!error) addresses_.clear();
                            lookup_error_ = error.message();
                            for (const auto& entry : found) addresses_.emplace_back(entry.endpoint());
                            addresses_until_ = steady_clock::now() + addresses_kept;
                            while (!resolving_.empty()) wake_first(resolving_, nullptr);
                          });
}

/// Passes the connection, or its place, to the request that has waited longest.
void ClientShard::release(Connection connection, bool reusable) {
  if (!reusable) connection.reset();
  if (!waiting_.empty()) return wake_first(waiting_, std::move(connection));
  if (!connection) return give_up_place();
  connection->idle_since = steady_clock::now();
  connection->idle_since_wall = std::chrono::system_clock::now();
  idle_.push_back(std::move(connection));
}

void ClientShard::give_up_place() {
  INVARIANT(open_ > in_use_.size() + idle_.size(), "%zu places for %zu connections in use and %zu idle ones", open_,
            in_use_.size(), idle_.size());
  --open_;
}

void ClientShard::use(ClientConnection& connection) {
  connection.index = in_use_.size();
  in_use_.push_back(&connection);
  tick_soon();
}

void ClientShard::unuse(ClientConnection& connection) {
  INVARIANT(connection.index < in_use_.size() && in_use_[connection.index] == &connection,
            "the connection at %zu of %zu in use is not the one that is given back", connection.index, in_use_.size());
  in_use_.back()->index = connection.index;
  std::swap(in_use_[connection.index], in_use_.back());
  in_use_.pop_back();
}

void ClientShard::tick_soon() {
  if (ticking_) return;
  ticking_ = true;
  timer_.expires_after(tick_busy);  // ends a wait of tick_idle
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void ClientShard::tick() {
  ticking_ = false;
  const TimePoint now = steady_clock::now();
  for (ClientConnection* connection : in_use_) connection->check_deadline(now);
  wake_late(waiting_, now);
  wake_late(resolving_, now);
  const auto fresh = std::find_if(idle_.begin(), idle_.end(), [&](const Connection& connection) {
    return now - connection->idle_since < shared_->config.idle_max;
  });
  open_ -= static_cast<std::size_t>(fresh - idle_.begin());
  idle_.erase(idle_.begin(), fresh);
  if (!in_use_.empty() || !waiting_.empty() || !resolving_.empty()) return tick_soon();
  if (idle_.empty()) return;
  timer_.expires_after(tick_idle);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

}  // namespace triggers::http
