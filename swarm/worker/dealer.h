#pragma once

// One ZeroMQ connection to one address, with its state and limits on what a peer sends, without reconnecting.
// Reconnecting and heartbeats are in master_link.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace triggers::swarm {

/// One connection of a ZeroMQ DEALER to one address, with its monitor. It does not reconnect: libzmq would then also
/// send what was queued for the previous peer. A peer that sends more than the limits is `failed`. Not thread-safe.
class Dealer {
 public:
  /// Limits on one frame, and on the frames of a message that does not end. A Locust master's messages have a few
  /// kilobytes, so a peer that exceeds a limit is something else.
  static constexpr std::int64_t message_bytes_max = 1024 * 1024;
  static constexpr std::uint64_t unread_bytes_max = 8 * 1024 * 1024;

  enum class State : std::uint8_t { connecting, connected, failed };

  /// Begins to connect to `endpoint` (`tcp://127.0.0.1:5557`) with this identity. Error: `internal`.
  static Result<std::unique_ptr<Dealer>> connect(const std::string& endpoint, const std::string& identity,
                                                 std::chrono::milliseconds connect_timeout, int outgoing_max);
  /// Drops unsent messages; call close() first to send them.
  virtual ~Dealer() = default;

  /// Waits until a message arrives, the state changes, `wake_fd` is readable or the time is over.
  virtual void wait(int wake_fd, std::chrono::milliseconds time_max) = 0;
  /// The state as of the last wait().
  [[nodiscard]] virtual State state() const noexcept = 0;
  /// True if a peer accepted the connection, whatever protocol it speaks.
  [[nodiscard]] virtual bool reached() const noexcept = 0;
  /// The next message that has arrived; does not wait. Skips messages with several frames, which Locust never sends.
  virtual std::optional<std::string> receive() = 0;
  /// False if the queue of unsent messages is full.
  virtual bool send(const std::string& message) = 0;
  /// Sends queued messages, for at most this long.
  virtual void close(std::chrono::milliseconds time_max) = 0;

 protected:
  Dealer() = default;
};

}  // namespace triggers::swarm
