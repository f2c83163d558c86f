#include "http/client/pool.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <mutex>
#include <thread>

#include "base/process_start.h"
#include "base/thread_name.h"
#include "http/client/thread_connections.h"
#include "http/wire/url.h"
#include "log/log.h"

namespace triggers::http {
namespace {

/// The thread for callers that are on no server's loop.
class ClientThread final : public net::IoExecutor {
 public:
  ClientThread() : thread_([this] { run(); }) {}
  ~ClientThread() override {
    io().stop();
    thread_.join();
  }

 private:
  void run() {
    name_thread("http-client");
    const Scope scope(*this);
    const auto guard = boost::asio::make_work_guard(io());
    for (bool ended = false; !ended;) {
      try {
        io().run();
        ended = true;
      } catch (...) {
        log::error("io_failed", {{"cause", cause_of(std::current_exception())}});
      }
    }
  }

  std::thread thread_;
};

/// Moves the coroutine to another executor.
struct Hop {
  Executor& to;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const { to.resume({&handle, 1}); }
  void await_resume() const noexcept {}
};

struct Pause {
  boost::asio::steady_timer timer;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    timer.async_wait([handle](const boost::system::error_code&) { handle.resume(); });
  }
  void await_resume() const noexcept {}
};

std::uint64_t next_pool() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

struct ClientPool::Impl {
  const std::uint64_t number = next_pool();
  std::shared_ptr<const ClientPoolShared> shared;
  std::once_flag once;
  std::unique_ptr<ClientThread> thread;

  /// Where the calling thread's requests run.
  net::IoExecutor& io_of(Executor& caller) {
    if (auto* const io = dynamic_cast<net::IoExecutor*>(&caller)) return *io;
    std::call_once(once, [this] { thread = std::make_unique<ClientThread>(); });
    return *thread;
  }

  ThreadConnections& connections_of(net::IoExecutor& executor) {
    if (void* const connections = executor.attached(number)) return *static_cast<ThreadConnections*>(connections);
    auto made = std::make_shared<ThreadConnections>(executor, shared);
    executor.attach(number, made);
    return *made;
  }
};

ClientPool::ClientPool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientPool::~ClientPool() = default;

Result<std::unique_ptr<ClientPool>> ClientPool::create(ClientPoolConfig config) {
  auto shared = std::make_shared<ClientPoolShared>();
  if (config.tls) {
    auto tls = net::TlsClientContext::create(config.ca_file, true);
    if (!tls) return std::move(tls).error();
    shared->tls = std::move(tls).value();
  }
  shared->host = authority_of(config.server.host, config.server.port, config.tls);
  shared->config = std::move(config);
  auto impl = std::make_unique<Impl>();
  impl->shared = std::move(shared);
  return std::unique_ptr<ClientPool>(new ClientPool(std::move(impl)));
}

Task<Result<ClientResponse, FetchError>> ClientPool::fetch(Request request, TimePoint deadline) {
  Executor& caller = Executor::current();
  net::IoExecutor& io = impl_->io_of(caller);
  const bool elsewhere = &io != &caller;
  const Hop to_io{io};
  const Hop back{caller};
  if (elsewhere) co_await to_io;
  auto answer = co_await impl_->connections_of(io).fetch(std::move(request), deadline);
  if (elsewhere) co_await back;
  co_return answer;
}

Task<void> ClientPool::pause(std::chrono::milliseconds time) {
  Executor& caller = Executor::current();
  net::IoExecutor& io = impl_->io_of(caller);
  const bool elsewhere = &io != &caller;
  const Hop to_io{io};
  const Hop back{caller};
  if (elsewhere) co_await to_io;
  Pause pause{boost::asio::steady_timer(io.io(), time)};
  co_await pause;
  if (elsewhere) co_await back;
}

}  // namespace triggers::http
