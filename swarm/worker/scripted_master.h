#pragma once

// For tests: a Locust master that sends what a test tells it to.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "swarm/worker/msgpack.h"

namespace triggers::swarm {

/// A ZeroMQ ROUTER like a Locust master's, which sends what a test tells it to. For one worker and one thread.
class ScriptedMaster {
 public:
  struct Message {
    std::string type;
    msgpack::Value data;
    std::string node_id;
  };

  /// `answers_heartbeats` is what masters from 2.19 do. Port 0: a free one.
  explicit ScriptedMaster(bool answers_heartbeats = false, std::uint16_t port = 0);
  ScriptedMaster(const ScriptedMaster&) = delete;
  ScriptedMaster& operator=(const ScriptedMaster&) = delete;
  /// Drops its connections.
  virtual ~ScriptedMaster();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  void answer_heartbeats(bool answer) noexcept { answers_heartbeats_ = answer; }

  /// The next message that is no heartbeat and no stats; those are counted on the way. Nothing after ten seconds.
  std::optional<Message> next();
  /// next(), which must be of this type; otherwise the test fails and the result is an empty message.
  Message expect(std::string_view type);
  /// Takes messages until one fits, at most ten seconds; false if none did.
  bool take_until(const std::function<bool(const Message&)>& fits);
  /// To the worker that spoke last.
  void send(std::string_view type, msgpack::Value data = {});
  /// expect(client_ready), and ack.
  void take_worker();
  /// An absolute target, as `spawn` has it. `more` are members beside the usual ones.
  void spawn(msgpack::Value::Map users, const std::string& host, double stop_timeout = 0,
             msgpack::Value::Map options = {});

  /// The sum of all stats.
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
  [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }
  [[nodiscard]] const std::vector<Message>& stats() const noexcept { return stats_; }
  [[nodiscard]] const std::vector<Message>& heartbeats() const noexcept { return heartbeats_; }

 private:
  struct Sockets;

  std::optional<Message> receive(std::chrono::milliseconds time_max);

  std::unique_ptr<Sockets> sockets_;
  std::uint16_t port_ = 0;
  bool answers_heartbeats_;
  std::string worker_;
  double timestamp_ = 1'000'000;
  std::uint64_t requests_ = 0, failures_ = 0;
  std::vector<Message> stats_, heartbeats_;
};

}  // namespace triggers::swarm
