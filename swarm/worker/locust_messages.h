#pragma once

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

/// The messages between a Locust master and its workers (Locust 2.0 to 2.46), as plain values. One message is one
/// MessagePack array `[type, data, node id]`, one frame on the wire.

/// Users by class name.
using ClassCounts = std::map<std::string, std::size_t>;

/// The answer to `client_ready`: the master knows this worker now.
struct Ack {
  std::uint64_t index = 0;
};

/// How many users of each class this worker runs from now on; an absolute target.
struct Spawn {
  double timestamp = 0;  ///< The master's clock, epoch seconds; grows from one to the next.
  ClassCounts users;
  std::string host;  ///< Empty: the classes' own.
  double stop_timeout_s = 0;
  bool reset_stats = false;  ///< The master forgets its figures when all users have been started.
  /// From options of the master's locustfile that are called like ours; nothing if it has none such.
  std::optional<bool> no_wait;
  std::optional<double> request_timeout_s;
};

struct Stop {};
struct Quit {};
struct Reconnect {};
/// The answer of a master from 2.19 to each heartbeat.
struct MasterHeartbeat {};
/// A master from 2.29 has started all users of all workers.
struct AllSpawned {};
/// A master from 2.25 changes a class. Weights are its own business; these are ours.
struct ClassUpdate {
  std::string class_name;
  std::optional<std::string> host;
  std::optional<std::vector<std::string>> tasks;  ///< Only these, by name.
};
/// Of a type that we have no use for: a custom message, or one of a newer Locust.
struct UnknownMessage {
  std::string type;
};

using MasterMessage =
    std::variant<Ack, Spawn, Stop, Quit, Reconnect, MasterHeartbeat, AllSpawned, ClassUpdate, UnknownMessage>;

/// Fields that are missing or of an odd type read as their default, fields that we do not know are passed over: masters
/// differ. Errors: `invalid_argument` if it is not an array with a text as its type, or a spawn without its counts.
[[nodiscard]] Result<MasterMessage> decode_master_message(std::string_view bytes);

/// What a worker says of itself once a second.
struct Heartbeat {
  std::string_view state;  ///< ready, spawning, running.
  double cpu_percent = 0;  ///< 0 to 100: of all that it may use. Over 90 the master warns.
  std::uint64_t memory_bytes = 0;
};

/// Encodes the messages of one worker.
class WorkerMessages {
 public:
  /// `node_id` is also the worker's ZeroMQ identity.
  explicit WorkerMessages(std::string node_id) : node_id_(std::move(node_id)) {}

  [[nodiscard]] const std::string& node_id() const noexcept { return node_id_; }

  /// With -1 for the version, which every master since 2.0 takes without comparing.
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
