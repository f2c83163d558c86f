#include "http/server/server.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/thread_name.h"
#include "http/server/server_state.h"
#include "http/server/session_loop.h"
#include "net/listener.h"

namespace triggers::http {
namespace {

unsigned threads_for(const ServerConfig& config) {
  if (config.threads != 0) return config.threads;
  return std::max(1U, std::thread::hardware_concurrency() / 2);
}

class ServerImpl final : public Server {
 public:
  ServerImpl(std::unique_ptr<ServerState> state, std::vector<net::Listener> listeners)
      : state_(std::move(state)), port_(listeners.front().port()) {
    for (unsigned i = 0; i < threads_for(state_->config); ++i) {
      loops_.push_back(std::make_unique<SessionLoop>(*state_, loops_));
    }
    for (auto& listener : listeners) {
      loops_.front()->accept_on(
          std::move(listener),
          [this, next = std::size_t{0}](net::Accepted accepted) mutable {
            SessionLoop& to = *loops_[next];
            next = (next + 1) % loops_.size();
            hand_over(std::move(accepted), to);
          },
          [this] { ++state_->accept_failures; });
    }
  }
  ~ServerImpl() override { stop(std::chrono::milliseconds::zero()); }

  [[nodiscard]] std::uint16_t port() const override { return port_; }

  void start() override {
    {
      const MutexLock lock(mutex_);
      running_ = loops_.size();
    }
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      threads_.emplace_back([this, i] {
        name_thread("io", i);
        loops_[i]->run();
        const MutexLock lock(mutex_);
        --running_;
        ended_.notify_all();
      });
    }
  }

  void drain() override {
    state_->draining = true;
    for (const auto& loop : loops_) loop->drain();
  }

  void stop(std::chrono::milliseconds grace) override {
    if (threads_.empty()) return;
    for (const auto& loop : loops_) loop->stop();
    if (!all_end_within(grace)) {
      for (const auto& loop : loops_) loop->abort();
    }
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  [[nodiscard]] ServerStats stats() const override {
    const ServerState& state = *state_;
    return {.connections_open = state.tcp_open + state.local_open,
            .bodies_bytes = state.bodies->bytes(),
            .connections_accepted = state.accepted,
            .connections_refused = state.refused,
            .bodies_refused = state.bodies->refused(),
            .timeouts = state.timeouts,
            .connections_evicted = state.evicted,
            .refused_before_body = state.refused_before_body,
            .inflated_bytes = state.inflated_bytes,
            .accept_failures = state.accept_failures};
  }

 private:
  bool all_end_within(std::chrono::milliseconds grace) {
    const auto until = std::chrono::steady_clock::now() + grace;
    MutexLock lock(mutex_);
    while (running_ > 0 && ended_.wait_until(lock, until) == std::cv_status::no_timeout) {
    }
    return running_ == 0;
  }

  /// On the thread that accepts.
  void hand_over(net::Accepted accepted, SessionLoop& to) {
    ++state_->accepted;
    Peer peer{std::move(accepted.address), accepted.local};
    // Counted here and not by the session, which another thread starts later.
    if (peer.local || state_->tcp_open < state_->config.connections_max) {
      OpenCount counted(peer.local ? state_->local_open : state_->tcp_open);
      return to.adopt({std::move(accepted.socket), std::move(peer), std::move(counted)});
    }
    if (state_->refusing_open >= state_->config.refusing_max) {
      ++state_->refused;
      return;
    }
    to.find_place({std::move(accepted.socket), std::move(peer), OpenCount(state_->refusing_open)});
  }

  std::unique_ptr<ServerState> state_;
  std::uint16_t port_;
  std::vector<std::unique_ptr<SessionLoop>> loops_;
  std::vector<std::thread> threads_;
  Mutex mutex_;
  Condition ended_;
  std::size_t running_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::create(ServerConfig config, Handlers handlers) {
  auto state = std::make_unique<ServerState>();
  if (!config.tls_cert_path.empty() || !config.tls_key_path.empty()) {
    auto tls = net::TlsServerContext::create(config.tls_cert_path, config.tls_key_path, "http/1.1");
    if (!tls) return std::move(tls).error();
    state->tls = std::move(*tls);
  }
  std::vector<net::Listener> listeners;
  auto tcp = net::Listener::tcp(config.host, config.port);
  if (!tcp) return std::move(tcp).error();
  listeners.push_back(std::move(*tcp));
  if (!config.unix_socket_path.empty()) {
    auto local = net::Listener::local(config.unix_socket_path, config.unix_socket_name);
    if (!local) return std::move(local).error();
    listeners.push_back(std::move(*local));
  }
  state->limits = {config.header_bytes_max, config.body_bytes_max, config.body_bytes_max_for};
  state->bodies = std::make_unique<FairBudget>(config.bodies_bytes_max);
  state->config = std::move(config);
  state->handlers = std::move(handlers);
  return std::unique_ptr<Server>(new ServerImpl(std::move(state), std::move(listeners)));
}

}  // namespace triggers::http
