#pragma once

// The connection to a Locust master, on its own thread: reconnecting, heartbeats. What the messages mean is in
// locust_messages.h; acting on them is in worker.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "swarm/worker/locust_messages.h"

namespace triggers::swarm {

struct MasterLinkOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5557;
  std::chrono::milliseconds heartbeat_interval{1000};
  std::chrono::milliseconds reconnect_after{200};
  std::chrono::milliseconds connect_timeout{5000};
  /// A master that has answered heartbeats and then is silent for this long is gone.
  std::chrono::milliseconds master_silence_max{60'000};
  /// After a longer pause of this process (SIGSTOP, suspend), the master may have dropped the worker.
  std::chrono::milliseconds pause_max{30'000};
};

/// The connection to a Locust master: a ZeroMQ DEALER on its own thread. The thread also sends heartbeats, so that load
/// or a busy owner cannot delay them. Heartbeats begin after the first message of a connection: a master without
/// workers takes a heartbeat for the end of its test. The link reconnects by itself. Each connection has a number, and
/// messages for an older connection are dropped: a master stops reading when an unknown worker reports users.
class MasterLink {
 public:
  struct Connected {
    std::uint64_t connection;
  };
  /// The connection was lost: the master has ended, or the network failed.
  struct Lost {
    std::string why;
  };
  /// The peer accepts connections but does not speak ZeroMQ.
  struct NotLocust {};
  /// The host has no address, or no address accepts connections. Reported once per reason until a connection succeeds.
  struct Unreachable {
    std::string why;
  };
  /// The master has stopped answering heartbeats for master_silence_max.
  struct Silent {};
  using Event = std::variant<Connected, Lost, NotLocust, Unreachable, Silent, MasterMessage>;

  /// With more unsent messages, the master does not read: the link closes the connection.
  static constexpr int outgoing_max = 10'000;
  /// Limits on events that wait for take(); more are dropped. A master sends a few messages per second.
  static constexpr std::size_t events_max = 10'000;
  static constexpr std::size_t events_bytes_max = 16 * 1024 * 1024;
  /// Messages to read before heartbeats and outgoing messages get a turn.
  static constexpr int messages_in_turn_max = 100;

  /// `messages` has this worker's identity. Error: `internal` if the system has no thread or descriptor left.
  static Result<std::unique_ptr<MasterLink>> create(MasterLinkOptions options, WorkerMessages messages);
  /// Drops unsent messages; call finish() first to send them.
  virtual ~MasterLink() = default;

  // Any thread.
  /// Readable while take() has events.
  [[nodiscard]] virtual int events_fd() const noexcept = 0;
  [[nodiscard]] virtual std::vector<Event> take() = 0;
  /// Sends on the connection with this number; drops the messages if it is not the current one. No heartbeat is sent
  /// between them.
  virtual void send(std::uint64_t connection, std::vector<std::string> messages) = 0;
  /// The state in heartbeats from now on. `state` must be a literal.
  virtual void set_state(const char* state) = 0;
  virtual void set_cpu_percent(double percent) = 0;
  /// Replaces the current connection by a new one that continues it, with the same number, identity and unsent
  /// messages.
  virtual void reconnect() = 0;
  /// Sends queued messages, for at most this long, and ends the thread.
  virtual void finish(std::chrono::milliseconds time_max) = 0;

 protected:
  MasterLink() = default;
};

}  // namespace triggers::swarm
