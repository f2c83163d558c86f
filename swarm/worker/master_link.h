#pragma once

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
  /// A master that has answered a heartbeat once and then none for so long is gone.
  std::chrono::milliseconds master_silence_max{60'000};
  /// After a longer pause of this process (SIGSTOP, suspend) the master may have forgotten the worker.
  std::chrono::milliseconds pause_max{30'000};
};

/// The connection to a Locust master: a ZeroMQ DEALER on a thread of its own, which also sends the heartbeats, so that
/// neither load nor a busy owner delays them. They begin behind the first message of a connection: a master that knows
/// no worker yet takes a heartbeat for the end of its test. It connects again by itself; each connection has a number,
/// and what was meant for an older one is dropped, because a master goes deaf when a worker that it does not know
/// reports users.
class MasterLink {
 public:
  struct Connected {
    std::uint64_t connection;
  };
  /// The connection ended without our doing: the master has ended, or the network failed.
  struct Lost {
    std::string why;
  };
  /// Something takes connections there, and is no ZeroMQ peer.
  struct NotLocust {};
  /// The host has no address, or none of its addresses takes connections. Told once for each reason until a connection
  /// is made.
  struct Unreachable {
    std::string why;
  };
  /// A master that answers heartbeats has not done so for master_silence_max.
  struct Silent {};
  using Event = std::variant<Connected, Lost, NotLocust, Unreachable, Silent, MasterMessage>;

  /// Outgoing messages beyond this are a master that does not read: the connection is given up.
  static constexpr int outgoing_max = 10'000;
  /// Arrived and not taken; more are dropped. A master sends a few a second.
  static constexpr std::size_t events_max = 10'000;
  static constexpr std::size_t events_bytes_max = 16 * 1024 * 1024;
  /// That are taken before heartbeats and our own messages have their turn.
  static constexpr int messages_in_turn_max = 100;

  /// `messages` has this worker's identity. Errors: `internal` if the machine gives no thread or descriptor.
  static Result<std::unique_ptr<MasterLink>> create(MasterLinkOptions options, WorkerMessages messages);
  /// Drops what has not been sent; see finish().
  virtual ~MasterLink() = default;

  // Any thread.
  /// Readable while there are events to take.
  [[nodiscard]] virtual int events_fd() const noexcept = 0;
  [[nodiscard]] virtual std::vector<Event> take() = 0;
  /// On the connection of this number; dropped if it is not the present one.
  /// No heartbeat comes between several.
  virtual void send(std::uint64_t connection, std::vector<std::string> messages) = 0;
  /// What heartbeats say from now on. `state` is a literal.
  virtual void set_state(const char* state) = 0;
  virtual void set_cpu_percent(double percent) = 0;
  /// Closes the present connection and makes a new one, which continues it: it has the same number and identity, and
  /// what waits is sent on it.
  virtual void reconnect() = 0;
  /// Sends what waits, for at most this long, and ends the thread.
  virtual void finish(std::chrono::milliseconds time_max) = 0;

 protected:
  MasterLink() = default;
};

}  // namespace triggers::swarm
