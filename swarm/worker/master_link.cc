#include "swarm/worker/master_link.h"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <optional>
#include <system_error>
#include <thread>

#include "base/mutex.h"
#include "base/thread_name.h"
#include "base/unique_fd.h"
#include "swarm/worker/dealer.h"

namespace triggers::swarm {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr milliseconds flush_time_max{1000};
constexpr milliseconds poll_interval{100};  // how often to check the amount that the peer has sent

/// The monotonic clock, including time when the system is suspended.
nanoseconds boot_time() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds{now.tv_sec} + nanoseconds{now.tv_nsec};
}

std::uint64_t memory_bytes() {
  unsigned long size_pages = 0, resident_pages = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  const bool read = std::fscanf(file, "%lu %lu", &size_pages, &resident_pages) == 2;
  std::fclose(file);
  return read ? resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

/// An endpoint `tcp://…` for each address of the name; libzmq would try only the first. Error: `unavailable`, with the
/// resolver's reason.
Result<std::vector<std::string>> endpoints_of(const std::string& host, std::uint16_t port) {
  std::vector<std::string> endpoints;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); failed != 0) {
    const std::string why = failed == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(failed);
    return Error{ErrorCode::unavailable, "its name has no address (" + why + ")"};
  }
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    const std::string address = one->ai_family == AF_INET6 ? "[" + std::string{text.data()} + "]" : text.data();
    endpoints.push_back("tcp://" + address + ":" + std::to_string(port));
  }
  ::freeaddrinfo(found);
  return endpoints;
}

class ThreadedMasterLink final : public MasterLink {
 public:
  ThreadedMasterLink(MasterLinkOptions options, WorkerMessages messages)
      : options_(std::move(options)),
        messages_(std::move(messages)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        has_events_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_ || !has_events_) throw std::system_error(errno, std::generic_category(), "eventfd");
    thread_ = std::thread([this] { run(); });
  }
  ThreadedMasterLink(const ThreadedMasterLink&) = delete;
  ThreadedMasterLink& operator=(const ThreadedMasterLink&) = delete;
  ~ThreadedMasterLink() override { finish(milliseconds{0}); }

  [[nodiscard]] int events_fd() const noexcept override { return has_events_.get(); }

  [[nodiscard]] std::vector<Event> take() override {
    eventfd_t ignored = 0;
    ::eventfd_read(has_events_.get(), &ignored);
    const MutexLock lock(mutex_);
    events_bytes_ = 0;
    return std::exchange(events_, {});
  }

  void send(std::uint64_t connection, std::vector<std::string> messages) override {
    {
      const MutexLock lock(mutex_);
      for (std::string& message : messages) outgoing_.push_back({connection, std::move(message)});
    }
    wake();
  }

  void set_state(const char* state) override { state_ = state; }
  void set_cpu_percent(double percent) override { cpu_percent_ = percent; }

  void reconnect() override {
    reconnect_ = true;
    wake();
  }

  void finish(milliseconds time_max) override {
    if (!thread_.joinable()) return;
    linger_ms_ = time_max.count();
    stopping_ = true;
    wake();
    thread_.join();
  }

 private:
  struct Outgoing {
    std::uint64_t connection;
    std::string message;
  };

  void wake() const { ::eventfd_write(wake_.get(), 1); }

  /// `bytes`: the size of the event's message.
  void push(Event event, std::size_t bytes = 0) {
    {
      const MutexLock lock(mutex_);
      if (events_.size() >= events_max || events_bytes_ + bytes > events_bytes_max) return;
      events_bytes_ += bytes;
      events_.push_back(std::move(event));
    }
    ::eventfd_write(has_events_.get(), 1);
  }

  void run() {
    name_thread("master-link");
    std::size_t attempt = 0;
    while (!stopping_) {
      const auto endpoints = endpoints_of(options_.host, options_.port);
      if (endpoints && !endpoints->empty()) {
        try_endpoint((*endpoints)[attempt++ % endpoints->size()]);
        // The master may listen on another address of the name: `localhost` usually has two.
        if (unreached_ >= endpoints->size()) tell_unreachable("nothing accepts connections there");
      } else if (!endpoints) {
        tell_unreachable(endpoints.error().message);
      }
      pause();  // even after a connection: a peer may accept and close each one immediately
    }
  }

  void try_endpoint(const std::string& endpoint) {
    auto dealer = Dealer::connect(endpoint, messages_.node_id(), options_.connect_timeout, outgoing_max);
    if (dealer) return serve(**dealer);
    tell_unreachable(dealer.error().message);
  }

  void tell_unreachable(const std::string& why) {
    if (stopping_ || std::exchange(told_unreachable_, why) == why) return;
    push(Unreachable{why});
  }

  /// Waits between two attempts.
  void pause() {
    const auto until = steady_clock::now() + options_.reconnect_after;
    while (!stopping_ && steady_clock::now() < until) {
      const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
      pollfd wake{.fd = wake_.get(), .events = POLLIN, .revents = 0};
      ::poll(&wake, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
      take_wake();
    }
  }

  void take_wake() const {
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
  }

  /// Serves one connection from its beginning to its end.
  void serve(Dealer& dealer) {
    if (!wait_until_connected(dealer)) {
      if (std::exchange(resuming_, false)) {
        push(Lost{"it did not accept the new connection that it had requested"});
      } else if (dealer.reached() && !stopping_) {
        unreached_ = 0;
        push(NotLocust{});
      } else {
        ++unreached_;
      }
      return;
    }
    unreached_ = 0;
    told_unreachable_.clear();
    last_round_ = boot_time();
    if (!std::exchange(resuming_, false)) {
      master_heard_.reset();
      next_heartbeat_ = last_round_;
      introduced_ = false;
      push(Connected{++connection_});
    }
    for (;;) {
      if (const auto ended = round(dealer)) {
        if (!ended->empty()) push(Lost{*ended});
        return;
      }
      dealer.wait(wake_.get(), time_to_heartbeat());
      take_wake();
    }
  }

  bool wait_until_connected(Dealer& dealer) {
    const auto deadline = steady_clock::now() + options_.connect_timeout;
    while (dealer.state() == Dealer::State::connecting && !stopping_) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
      if (left <= milliseconds{0}) return false;
      dealer.wait(wake_.get(), std::min(left, poll_interval));
      take_wake();
    }
    return dealer.state() == Dealer::State::connected && !stopping_;
  }

  /// Does everything that is due. Returns nothing while the connection continues; otherwise why it was lost, or an
  /// empty text if we closed it.
  std::optional<std::string> round(Dealer& dealer) {
    const nanoseconds now = boot_time();
    // Check before sending: the master may have dropped this worker.
    if (now - std::exchange(last_round_, now) > options_.pause_max) return "this process was paused for too long";
    for (int i = 0; i < messages_in_turn_max; ++i) {
      const auto message = dealer.receive();
      if (!message) break;
      arrived(*message, now);
    }
    if (dealer.state() == Dealer::State::failed) {
      return "the connection was closed, or the peer does not speak the protocol of a Locust master";
    }
    if (master_heard_ && now - *master_heard_ > options_.master_silence_max) {
      push(Silent{});
      master_heard_.reset();
    }
    // Read these flags before sending the queue, so that earlier messages are still sent.
    const bool stopping = stopping_;
    const bool reconnect = reconnect_.exchange(false);
    if (!send_outgoing(dealer)) return "the master does not read";
    if (introduced_ && now >= next_heartbeat_) {
      next_heartbeat_ = std::max(next_heartbeat_ + options_.heartbeat_interval, now);
      const Heartbeat heartbeat{.state = state_.load(), .cpu_percent = cpu_percent_, .memory_bytes = memory_bytes()};
      if (!dealer.send(messages_.heartbeat(heartbeat))) return "the master does not read";
    }
    if (!stopping && !reconnect) return std::nullopt;
    resuming_ = !stopping;
    dealer.close(stopping ? milliseconds{linger_ms_.load()} : flush_time_max);
    return "";
  }

  void arrived(const std::string& bytes, nanoseconds now) {
    auto message = decode_master_message(bytes);
    if (!message) return;  // not useful, but no reason to leave the master
    if (std::holds_alternative<MasterHeartbeat>(*message)) {
      master_heard_ = now;
    } else {
      push(std::move(*message), bytes.size());
    }
  }

  bool send_outgoing(Dealer& dealer) {
    std::vector<Outgoing> outgoing;
    {
      const MutexLock lock(mutex_);
      outgoing.swap(outgoing_);
    }
    for (const Outgoing& one : outgoing) {
      if (one.connection != connection_) continue;
      if (!dealer.send(one.message)) return false;
      introduced_ = true;
    }
    return true;
  }

  [[nodiscard]] milliseconds time_to_heartbeat() const {
    if (!introduced_) return poll_interval;
    return std::clamp(std::chrono::ceil<milliseconds>(next_heartbeat_ - boot_time()), milliseconds{0}, poll_interval);
  }

  const MasterLinkOptions options_;
  const WorkerMessages messages_;
  UniqueFd wake_, has_events_;
  std::atomic<const char*> state_{"ready"};
  std::atomic<double> cpu_percent_{0};
  std::atomic<bool> reconnect_{false}, stopping_{false};
  std::atomic<milliseconds::rep> linger_ms_{0};

  Mutex mutex_;
  std::vector<Event> events_ GUARDED_BY(mutex_);
  std::size_t events_bytes_ GUARDED_BY(mutex_) = 0;
  std::vector<Outgoing> outgoing_ GUARDED_BY(mutex_);

  // Only for the thread.
  bool introduced_ = false;       // something has been sent on this connection
  bool resuming_ = false;         // the next connection continues the last one
  std::size_t unreached_ = 0;     // attempts in a row without a connection
  std::string told_unreachable_;  // the last reported reason, until a connection succeeds
  std::uint64_t connection_ = 0;
  std::optional<nanoseconds> master_heard_;
  nanoseconds next_heartbeat_{}, last_round_{};
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<MasterLink>> MasterLink::create(MasterLinkOptions options, WorkerMessages messages) {
  try {
    std::unique_ptr<MasterLink> link = std::make_unique<ThreadedMasterLink>(std::move(options), std::move(messages));
    return link;
  } catch (const std::system_error& error) {
    return Error{ErrorCode::internal, std::string{"cannot start the connection to the master: "} + error.what()};
  }
}

}  // namespace triggers::swarm
