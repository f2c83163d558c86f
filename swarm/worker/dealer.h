#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace triggers::swarm {

/// One connection of a ZeroMQ DEALER to one address, and what its monitor says. It never connects again by itself:
/// libzmq would then also deliver what was queued for the peer before. What a peer can send is bounded; one that goes
/// beyond is `failed`. For one thread.
class Dealer {
 public:
  /// A message of more bytes, or so many bytes without a whole message, are from something that is no Locust master.
  /// Its messages have some kilobytes.
  static constexpr std::int64_t message_bytes_max = 1024 * 1024;
  static constexpr std::uint64_t unread_bytes_max = 8 * 1024 * 1024;

  enum class State : std::uint8_t { connecting, connected, failed };

  /// Begins to connect to `endpoint` (`tcp://127.0.0.1:5557`) with this identity. Errors: `internal`.
  static Result<std::unique_ptr<Dealer>> connect(const std::string& endpoint, const std::string& identity,
                                                 std::chrono::milliseconds connect_timeout, int outgoing_max);
  /// Drops what has not been sent, unless close() came before.
  virtual ~Dealer() = default;

  /// Waits until there is something to read or a change of state, `wake_fd` is readable, or the time is over.
  virtual void wait(int wake_fd, std::chrono::milliseconds time_max) = 0;
  /// As of the last wait().
  [[nodiscard]] virtual State state() const noexcept = 0;
  /// Somebody has taken the connection, whatever he speaks.
  [[nodiscard]] virtual bool reached() const noexcept = 0;
  /// The next message that has arrived, without waiting. One in several frames is passed over: Locust sends none.
  virtual std::optional<std::string> receive() = 0;
  /// False if it was not taken: too much waits to be sent.
  virtual bool send(const std::string& message) = 0;
  /// Sends what waits, for at most this long.
  virtual void close(std::chrono::milliseconds time_max) = 0;

 protected:
  Dealer() = default;
};

}  // namespace triggers::swarm
