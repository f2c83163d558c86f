#pragma once

// The messages between a Locust master and a worker (Locust 2.0 to 2.46): values, decoding the master's, encoding the
// worker's. Each is one ZeroMQ frame, a MessagePack array `[type, data, node id]`. Sending them is in master_link.h;
// the MessagePack format itself is in msgpack.h.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// Users by class name.
using ClassCounts = std::map<std::string, std::size_t>;

/// The response to `client_ready`: the master has registered this worker.
struct Ack {
  std::uint64_t index = 0;
};

/// The number of users of each class that this worker must run; an absolute target.
struct Spawn {
  double timestamp = 0;  ///< The master's clock in epoch seconds; increases with each spawn.
  ClassCounts users;
  std::string host;  ///< Empty: the classes' hosts.
  double stop_timeout_s = 0;
  bool reset_stats = false;  ///< The master resets its statistics when all users have started.
  /// From options of the master's locustfile with the names of ours; unset if it has none.
  std::optional<bool> no_wait;
  std::optional<double> request_timeout_s;
  std::optional<std::string> inbox;
  std::optional<double> lease_seconds, lease_limit, handling_ms, release_percent, abandon_percent;
};

struct Stop {};
struct Quit {};
struct Reconnect {};
/// The response of a master (2.19 or later) to each heartbeat.
struct MasterHeartbeat {};
/// A master (2.29 or later) has started all users on all workers.
struct AllSpawned {};
/// A master (2.25 or later) changes a class. Only these members concern a worker.
struct ClassUpdate {
  std::string class_name;
  std::optional<std::string> host;
  std::optional<std::vector<std::string>> tasks;  ///< The names of the only tasks to run.
};
/// A type that a worker ignores: a custom message, or one of a newer Locust.
struct UnknownMessage {
  std::string type;
};

using MasterMessage =
    std::variant<Ack, Spawn, Stop, Quit, Reconnect, MasterHeartbeat, AllSpawned, ClassUpdate, UnknownMessage>;

/// Missing fields and fields of another type have their default, and unknown fields are ignored, because masters
/// differ. Error: `invalid_argument` if the message is not an array that begins with a text, or is a spawn without user
/// counts.
[[nodiscard]] Result<MasterMessage> decode_master_message(std::string_view bytes);

/// What a worker reports about itself once a second.
struct Heartbeat {
  std::string_view state;  ///< ready, spawning, running.
  double cpu_percent = 0;  ///< 0 to 100, of the CPU time that it may use. Above 90, the master warns.
  std::uint64_t memory_bytes = 0;
};

/// Encodes the messages of one worker.
class WorkerMessages {
 public:
  /// `node_id` is also the worker's ZeroMQ identity.
  explicit WorkerMessages(std::string node_id) : node_id_(std::move(node_id)) {}

  [[nodiscard]] const std::string& node_id() const noexcept { return node_id_; }

  /// Sends the version -1, which every master since 2.0 accepts without a comparison.
  [[nodiscard]] std::string client_ready() const;
  [[nodiscard]] std::string client_stopped() const;
  [[nodiscard]] std::string heartbeat(const Heartbeat& heartbeat) const;
  [[nodiscard]] std::string spawning() const;
  [[nodiscard]] std::string spawning_complete(const ClassCounts& users) const;
  /// What was counted since `since`, when the last report was made. An interval without requests has nil for its least
  /// time and its last request; any other value would change the master's figures. What failed has Locust's texts.
  [[nodiscard]] std::string stats(const Statistics& newer, EpochSeconds since, const ClassCounts& users) const;
  /// One exception that a user's task let out.
  [[nodiscard]] std::string exception(std::string_view message, std::string_view traceback) const;
  /// All lines, not only new ones. For masters from 2.29; older ones warn of it.
  [[nodiscard]] std::string logs(const std::vector<std::string>& lines) const;
  [[nodiscard]] std::string quit() const;

 private:
  std::string node_id_;
};

}  // namespace triggers::swarm
