#include "swarm/worker/dealer.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <zmq.hpp>

namespace triggers::swarm {
namespace {

// As Locust's own workers set it.
constexpr int keepalive_idle_s = 30;

// Incoming messages that wait in libzmq. A master sends a few per second.
constexpr int incoming_max = 64;

constexpr int watched_events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

class ZmqDealer final : public Dealer {
 public:
  ZmqDealer(const std::string& endpoint, const std::string& identity, std::chrono::milliseconds connect_timeout,
            int outgoing_max)
      : socket_(context_, zmq::socket_type::dealer), monitor_(context_, zmq::socket_type::pair) {
    const int timeout_ms = static_cast<int>(connect_timeout.count());
    socket_.set(zmq::sockopt::routing_id, identity);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndhwm, outgoing_max);
    socket_.set(zmq::sockopt::rcvhwm, incoming_max);
    socket_.set(zmq::sockopt::maxmsgsize, message_bytes_max);
    socket_.set(zmq::sockopt::reconnect_ivl, -1);
    socket_.set(zmq::sockopt::connect_timeout, timeout_ms);
    socket_.set(zmq::sockopt::handshake_ivl, timeout_ms);
    socket_.set(zmq::sockopt::tcp_keepalive, 1);
    socket_.set(zmq::sockopt::tcp_keepalive_idle, keepalive_idle_s);
    if (endpoint.find('[') != std::string::npos) socket_.set(zmq::sockopt::ipv6, true);
    if (zmq_socket_monitor(socket_.handle(), monitor_endpoint, watched_events) != 0) throw zmq::error_t();
    monitor_.set(zmq::sockopt::linger, 0);
    monitor_.connect(monitor_endpoint);
    socket_.connect(endpoint);
  }

  ~ZmqDealer() override { close(std::chrono::milliseconds{0}); }
  ZmqDealer(const ZmqDealer&) = delete;
  ZmqDealer& operator=(const ZmqDealer&) = delete;

  void wait(int wake_fd, std::chrono::milliseconds time_max) override {
    std::array<zmq_pollitem_t, 3> items{{{socket_.handle(), 0, ZMQ_POLLIN, 0},
                                         {monitor_.handle(), 0, ZMQ_POLLIN, 0},
                                         {nullptr, wake_fd, ZMQ_POLLIN, 0}}};
    if (zmq_poll(items.data(), static_cast<int>(items.size()), time_max.count()) < 0) return;  // interrupted
    while (const auto event = monitor_event()) {
      if (event->number == ZMQ_EVENT_CONNECTED) {
        peer_fd_ = event->value;
        reached_ = true;
      } else if (event->number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        if (state_ == State::connecting) state_ = State::connected;
      } else {
        state_ = State::failed;
        peer_fd_ = -1;
      }
    }
    // Without a handshake, libzmq takes any peer (such as an SSH server) for ZMTP 1.0, which no master speaks.
    const bool speaks = (items[0].revents & ZMQ_POLLIN) != 0;
    if (state_ == State::connecting && speaks) state_ = State::failed;
    if (received_bytes() > read_bytes_ + unread_bytes_max) state_ = State::failed;
  }

  [[nodiscard]] State state() const noexcept override { return state_; }
  [[nodiscard]] bool reached() const noexcept override { return reached_; }

  std::optional<std::string> receive() override {
    zmq::message_t part;
    while (receive_part(socket_, part)) {
      read_bytes_ += part.size();
      if (!part.more()) return part.to_string();
      while (part.more() && receive_part(socket_, part)) read_bytes_ += part.size();
    }
    return std::nullopt;
  }

  bool send(const std::string& message) override {
    return zmq_send(socket_.handle(), message.data(), message.size(), ZMQ_DONTWAIT) >= 0;
  }

  void close(std::chrono::milliseconds time_max) override {
    if (socket_.handle() == nullptr) return;
    zmq_socket_monitor(socket_.handle(), nullptr, 0);
    monitor_.close();
    const int linger_ms = static_cast<int>(time_max.count());
    zmq_setsockopt(socket_.handle(), ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    socket_.close();
    context_.close();  // waits for what lingers
  }

 private:
  static constexpr const char* monitor_endpoint = "inproc://monitor";

  static bool receive_part(zmq::socket_t& socket, zmq::message_t& part) {
    return zmq_msg_recv(part.handle(), socket.handle(), ZMQ_DONTWAIT) >= 0;
  }

  struct MonitorEvent {
    std::uint16_t number = 0;
    std::int32_t value = 0;  // of `connected`: the descriptor
  };

  /// The first of two frames: a number of two bytes and a value of four.
  std::optional<MonitorEvent> monitor_event() {
    zmq::message_t frame, address;
    MonitorEvent event;
    if (!receive_part(monitor_, frame) || frame.size() < sizeof event.number + sizeof event.value) return std::nullopt;
    if (frame.more()) receive_part(monitor_, address);
    std::memcpy(&event.number, frame.data(), sizeof event.number);
    std::memcpy(&event.value, frame.data<char>() + sizeof event.number, sizeof event.value);
    return event;
  }

  /// Bytes that the connection has received, including those of incomplete messages. libzmq does not limit the frames
  /// of a message that never ends.
  [[nodiscard]] std::uint64_t received_bytes() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (peer_fd_ < 0 || ::getsockopt(peer_fd_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    return size > offsetof(tcp_info, tcpi_bytes_received) ? info.tcpi_bytes_received : 0;
  }

  zmq::context_t context_;
  zmq::socket_t socket_, monitor_;
  State state_ = State::connecting;
  bool reached_ = false;
  int peer_fd_ = -1;  // libzmq's
  std::uint64_t read_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<Dealer>> Dealer::connect(const std::string& endpoint, const std::string& identity,
                                                std::chrono::milliseconds connect_timeout, int outgoing_max) {
  try {
    std::unique_ptr<Dealer> dealer = std::make_unique<ZmqDealer>(endpoint, identity, connect_timeout, outgoing_max);
    return dealer;
  } catch (const zmq::error_t& error) {
    return Error{ErrorCode::internal, "cannot connect to " + endpoint + ": " + error.what()};
  }
}

}  // namespace triggers::swarm
