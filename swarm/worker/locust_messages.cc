#include "swarm/worker/locust_messages.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "http/wire/message.h"
#include "swarm/report/failure_key.h"
#include "swarm/worker/msgpack.h"

namespace triggers::swarm {
namespace {

using msgpack::Value;

constexpr std::size_t users_max = 1'000'000'000;  // far more than a worker can run
constexpr double seconds_max = 1e6;               // a longer time is like no limit

const Value& member(const Value& data, std::string_view name) {
  static const Value nil;
  const Value* const found = data.find(name);
  return found == nullptr ? nil : *found;
}

std::optional<double> seconds_of(const Value& value) {
  const auto number = value.number();
  if (!number || !(*number >= 0)) return std::nullopt;
  return std::min(*number, seconds_max);
}

/// Also accepts a text: the web page's form sends options as text. A text that is no number counts as one that is too
/// large, so that the user learns of it.
std::optional<double> number_of(const Value& value) {
  if (const auto number = value.number()) return number;
  const auto text = value.text();
  if (!text || text->empty()) return std::nullopt;
  double number = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  if (read.ec != std::errc{} || read.ptr != text->data() + text->size()) return std::numeric_limits<double>::max();
  return number;
}

/// Also accepts a text: the web page's form sends options as text.
std::optional<bool> flag_of(const Value& value) {
  if (const auto flag = value.boolean()) return flag;
  const auto text = value.text();
  if (!text || text->empty()) return std::nullopt;
  return http::equal_ignoring_case(*text, "true") || *text == "1";
}

std::optional<ClassCounts> counts_of(const Value& value) {
  if (value.map() == nullptr) return std::nullopt;
  ClassCounts counts;
  for (const auto& [name, count] : *value.map()) {
    if (!name.text()) continue;
    counts[std::string{*name.text()}] = std::min<std::size_t>(count.count().value_or(0), users_max);
  }
  return counts;
}

Result<MasterMessage> spawn_of(const Value& data) {
  auto users = counts_of(member(data, "user_classes_count"));
  if (!users) return Error{ErrorCode::invalid_argument, "a spawn message without user_classes_count"};
  const Value& options = member(data, "parsed_options");
  Spawn spawn;
  spawn.timestamp = member(data, "timestamp").number().value_or(0);
  spawn.users = std::move(*users);
  spawn.host = member(data, "host").text().value_or("");
  spawn.stop_timeout_s = seconds_of(member(data, "stop_timeout")).value_or(0);
  spawn.reset_stats = flag_of(member(options, "reset_stats")).value_or(false);
  spawn.no_wait = flag_of(member(options, "no_wait"));
  spawn.request_timeout_s = seconds_of(member(options, "request_timeout"));
  if (const auto inbox = member(options, "inbox").text()) spawn.inbox = *inbox;
  spawn.lease_seconds = number_of(member(options, "lease_seconds"));
  spawn.lease_limit = number_of(member(options, "lease_limit"));
  spawn.handling_ms = number_of(member(options, "handling_ms"));
  spawn.release_percent = number_of(member(options, "release_percent"));
  spawn.abandon_percent = number_of(member(options, "abandon_percent"));
  return MasterMessage{std::move(spawn)};
}

ClassUpdate class_update_of(const Value& data) {
  ClassUpdate update;
  update.class_name = member(data, "user_class_name").text().value_or("");
  if (const auto host = member(data, "host").text()) update.host = *host;
  if (const auto* const tasks = member(data, "tasks").array()) {
    update.tasks.emplace();
    for (const Value& task : *tasks) {
      if (task.text()) update.tasks->emplace_back(*task.text());
    }
  }
  return update;
}

std::string message(std::string_view type, Value data, const std::string& node_id) {
  return msgpack::pack(Value{Value::Array{Value{type}, std::move(data), Value{node_id}}});
}

Value value_of(const ClassCounts& users) {
  Value::Map map;
  for (const auto& [name, count] : users) map.emplace_back(name, std::uint64_t{count});
  return Value{std::move(map)};
}

std::uint64_t sum_of(const ClassCounts& users) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : users) sum += count;
  return sum;
}

Value value_of(const PerSecond& counts) {
  Value::Map map;
  for (const auto& [second, count] : counts.by_second()) map.emplace_back(second, count);
  return Value{std::move(map)};
}

Value value_of(const LocustTimes& times) {
  Value::Map map;
  for (const auto& [bucket_ms, count] : times.buckets()) map.emplace_back(bucket_ms, count);
  return Value{std::move(map)};
}

Value value_of(std::string_view method, std::string_view name, const Entry& entry, EpochSeconds since) {
  return Value{Value::Map{
      {"name", name},
      {"method", method},
      {"last_request_timestamp", entry.last_finished},
      {"start_time", since},
      {"num_requests", entry.requests},
      {"num_none_requests", 0},
      {"num_failures", entry.failures},
      {"total_response_time", entry.response_ms_total},
      {"max_response_time", entry.response_ms_max},
      {"min_response_time", entry.requests == 0 ? Value{} : Value{entry.response_ms_min}},
      {"total_content_length", entry.content_bytes_total},
      {"response_times", value_of(entry.locust_times)},
      {"num_reqs_per_sec", value_of(entry.requests_by_second)},
      {"num_fail_per_sec", value_of(entry.failures_by_second)},
  }};
}

Value value_of(const Failure& failure) {
  return Value{Value::Map{
      {"name", failure.name},
      {"method", failure.method},
      {"error", failure.error},
      {"occurrences", failure.occurrences},
      {"first_seen", failure.first_seen},
      {"last_seen", failure.last_seen},
  }};
}

}  // namespace

Result<MasterMessage> decode_master_message(std::string_view bytes) {
  auto value = msgpack::unpack(bytes);
  if (!value) return std::move(value).error();
  const auto* const parts = value->array();
  if (parts == nullptr || parts->size() < 2 || !parts->front().text()) {
    return Error{ErrorCode::invalid_argument, "a message that is not [type, data, node id]"};
  }
  const std::string_view type = *parts->front().text();
  const Value& data = (*parts)[1];
  if (type == "ack") return MasterMessage{Ack{member(data, "index").count().value_or(0)}};
  if (type == "spawn") return spawn_of(data);
  if (type == "stop") return MasterMessage{Stop{}};
  if (type == "quit") return MasterMessage{Quit{}};
  if (type == "reconnect") return MasterMessage{Reconnect{}};
  if (type == "heartbeat") return MasterMessage{MasterHeartbeat{}};
  if (type == "spawning_complete") return MasterMessage{AllSpawned{}};
  if (type == "update_user_class") return MasterMessage{class_update_of(data)};
  return MasterMessage{UnknownMessage{std::string{type}}};
}

std::string WorkerMessages::client_ready() const { return message("client_ready", -1, node_id_); }
std::string WorkerMessages::client_stopped() const { return message("client_stopped", {}, node_id_); }
std::string WorkerMessages::spawning() const { return message("spawning", {}, node_id_); }
std::string WorkerMessages::quit() const { return message("quit", {}, node_id_); }

std::string WorkerMessages::heartbeat(const Heartbeat& heartbeat) const {
  return message("heartbeat",
                 Value::Map{{"state", heartbeat.state},
                            {"current_cpu_usage", heartbeat.cpu_percent},
                            {"current_memory_usage", heartbeat.memory_bytes}},
                 node_id_);
}

std::string WorkerMessages::spawning_complete(const ClassCounts& users) const {
  return message("spawning_complete",
                 Value::Map{{"user_classes_count", value_of(users)}, {"user_count", sum_of(users)}}, node_id_);
}

std::string WorkerMessages::stats(const Statistics& newer, EpochSeconds since, const ClassCounts& users) const {
  Value::Array entries;
  for (const auto& row : newer.rows()) entries.push_back(value_of(row.method, row.name, *row.entry, since));
  Value::Map errors;
  for (const Failure& failure : newer.failures()) errors.emplace_back(failure_key(failure), value_of(failure));
  return message("stats",
                 Value::Map{{"stats", std::move(entries)},
                            {"stats_total", value_of("", "Aggregated", newer.aggregated(), since)},
                            {"errors", std::move(errors)},
                            {"user_classes_count", value_of(users)},
                            {"user_count", sum_of(users)}},
                 node_id_);
}

std::string WorkerMessages::exception(std::string_view text, std::string_view traceback) const {
  return message("exception", Value::Map{{"msg", text}, {"traceback", traceback}}, node_id_);
}

std::string WorkerMessages::logs(const std::vector<std::string>& lines) const {
  Value::Array all;
  for (const std::string& line : lines) all.emplace_back(line);
  return message("logs", Value::Map{{"worker_id", node_id_}, {"logs", std::move(all)}}, node_id_);
}

}  // namespace triggers::swarm
