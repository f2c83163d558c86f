#include "swarm/worker/locust_messages.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "swarm/worker/captured_messages.h"
#include "swarm/worker/msgpack.h"

namespace triggers::swarm {
namespace {

using msgpack::Value;

Value unpacked(std::string_view bytes) {
  auto value = msgpack::unpack(bytes);
  EXPECT_TRUE(value.ok());
  return value.ok() ? *value : Value{};
}

std::string node_id_of(const CapturedMessage& captured) {
  return std::string{unpacked(from_hex(captured.hex).value()).array()->at(2).text().value()};
}

/// What a worker of the same name and figures says, in our encoding.
std::optional<std::string> ours(const CapturedMessage& captured) {
  const WorkerMessages messages{node_id_of(captured)};
  if (captured.type == "heartbeat") {
    return messages.heartbeat(
        {.state = "ready", .cpu_percent = 0, .memory_bytes = captured.locust == "2.12.1" ? 56918016U : 0U});
  }
  if (captured.type == "spawning") return messages.spawning();
  if (captured.type == "client_stopped") return messages.client_stopped();
  if (captured.type == "quit") return messages.quit();
  if (captured.type == "logs") {
    return messages.logs({"[2026-11-23 12:02:23,825] vm/INFO/locust.main: Starting Locust 2.46.4.dev23"});
  }
  return std::nullopt;
}

TEST(LocustMessagesTest, OursAreByteForByteWhatLocustsOwnWorkersSend) {
  int compared = 0;
  for (const CapturedMessage& captured : captured_messages) {
    if (captured.from_master) continue;
    const auto sent = ours(captured);
    if (!sent) continue;
    EXPECT_EQ(to_hex(*sent), captured.hex) << captured.locust << " " << captured.type;
    ++compared;
  }
  EXPECT_EQ(compared, 9);
}

TEST(LocustMessagesTest, SpawningCompleteHasTheMembersOfLocustsOwn) {
  for (const CapturedMessage& captured : captured_messages) {
    if (captured.from_master || captured.type != "spawning_complete") continue;
    const Value theirs = unpacked(from_hex(captured.hex).value());
    ClassCounts users;
    for (const auto& [name, count] : *theirs.array()->at(1).find("user_classes_count")->map()) {
      users[std::string{*name.text()}] = *count.count();
    }
    const Value mine = unpacked(WorkerMessages{node_id_of(captured)}.spawning_complete(users));
    EXPECT_EQ(mine.array()->at(0), theirs.array()->at(0));
    EXPECT_EQ(*mine.array()->at(1).find("user_count"), *theirs.array()->at(1).find("user_count"));
    for (const auto& [name, count] : users) {
      EXPECT_EQ(mine.array()->at(1).find("user_classes_count")->find(name)->count(), count);
    }
  }
}

TEST(LocustMessagesTest, WhatBothMastersSendIsUnderstood) {
  int understood = 0;
  for (const CapturedMessage& captured : captured_messages) {
    if (!captured.from_master) continue;
    const auto message = decode_master_message(from_hex(captured.hex).value());
    ASSERT_TRUE(message.ok()) << captured.type;
    if (captured.type == "ack") {
      EXPECT_EQ(std::get<Ack>(*message).index, 0U);
    }
    EXPECT_EQ(std::holds_alternative<Stop>(*message), captured.type == "stop");
    EXPECT_EQ(std::holds_alternative<Quit>(*message), captured.type == "quit");
    EXPECT_EQ(std::holds_alternative<MasterHeartbeat>(*message), captured.type == "heartbeat");
    EXPECT_EQ(std::holds_alternative<AllSpawned>(*message), captured.type == "spawning_complete");
    EXPECT_FALSE(std::holds_alternative<UnknownMessage>(*message)) << captured.type;
    ++understood;
  }
  EXPECT_EQ(understood, 8);
}

std::string spawn_message(Value stop_timeout, Value host, Value::Map options) {
  return msgpack::pack(Value{Value::Array{"spawn",
                                          Value::Map{{"timestamp", 1795435165.2872956},
                                                     {"user_classes_count", Value::Map{{"Bar", 1}, {"Foo", 0}}},
                                                     {"host", std::move(host)},
                                                     {"stop_timeout", std::move(stop_timeout)},
                                                     {"parsed_options", std::move(options)}},
                                          "vm_fc90d5257f0e420982cdf7975f9b853c"}});
}

Spawn decoded_spawn(const std::string& bytes) {
  auto message = decode_master_message(bytes);
  EXPECT_TRUE(message.ok());
  return std::get<Spawn>(*message);
}

TEST(LocustMessagesTest, ASpawnIsReadWithTheOptionsOfEitherVersion) {
  const Spawn old = decoded_spawn(spawn_message(2, "http://127.0.0.1:18080",
                                                {{"host", "http://other"},
                                                 {"config", Value{}},
                                                 {"spawn_rate", 2.0},
                                                 {"user_classes", Value::Array{}},
                                                 {"reset_stats", false},
                                                 {"my_arg", "abc"}}));
  EXPECT_EQ(old.timestamp, 1795435165.2872956);
  EXPECT_EQ(old.users, (ClassCounts{{"Bar", 1}, {"Foo", 0}}));
  EXPECT_EQ(old.host, "http://127.0.0.1:18080");
  EXPECT_EQ(old.stop_timeout_s, 2);
  EXPECT_FALSE(old.reset_stats);
  EXPECT_FALSE(old.no_wait.has_value());
  EXPECT_FALSE(old.inbox.has_value());

  const Spawn newer = decoded_spawn(
      spawn_message(0.5, Value{},
                    {{"config_users", Value::Array{Value::Map{{"user_class_name", "Foo"}, {"weight", 1}}}},
                     {"reset_stats", true},
                     {"no_wait", "True"},
                     {"inbox", "work"},
                     {"lease_seconds", 5},
                     {"lease_limit", "7"},
                     {"release_percent", 12.5},
                     {"abandon_percent", "much"},
                     {"request_timeout", 2.5}}));
  EXPECT_EQ(newer.host, "");
  EXPECT_EQ(newer.stop_timeout_s, 0.5);
  EXPECT_TRUE(newer.reset_stats);
  EXPECT_EQ(newer.no_wait, true);
  EXPECT_EQ(newer.request_timeout_s, 2.5);
  EXPECT_EQ(newer.inbox, "work");
  EXPECT_EQ(newer.lease_seconds, 5);
  EXPECT_EQ(newer.lease_limit, 7);
  EXPECT_EQ(newer.release_percent, 12.5);
  EXPECT_GT(newer.abandon_percent, 1e9) << "it must be refused, not ignored";
  EXPECT_FALSE(newer.handling_ms.has_value());

  EXPECT_EQ(decoded_spawn(spawn_message(Value{}, Value{}, {})).stop_timeout_s, 0);
}

TEST(LocustMessagesTest, AnUpdatedClassHasItsTasksAndHost) {
  const auto message = decode_master_message(msgpack::pack(Value{Value::Array{
      "update_user_class",
      Value::Map{{"user_class_name", "Foo"}, {"weight", 3}, {"host", "http://h"}, {"tasks", Value::Array{"a", "b"}}},
      "id"}}));
  ASSERT_TRUE(message.ok());
  const auto& update = std::get<ClassUpdate>(*message);
  EXPECT_EQ(update.class_name, "Foo");
  EXPECT_EQ(update.host, "http://h");
  EXPECT_EQ(update.tasks, (std::vector<std::string>{"a", "b"}));
}

TEST(LocustMessagesTest, UnknownTypesArePassedOverAndWhatIsNoMessageIsRefused) {
  const auto unknown = decode_master_message(msgpack::pack(Value{Value::Array{"greeting", Value::Map{}, "id"}}));
  ASSERT_TRUE(unknown.ok());
  EXPECT_EQ(std::get<UnknownMessage>(*unknown).type, "greeting");
  for (const Value& bad : {Value{}, Value{Value::Array{}}, Value{Value::Array{1, 2, 3}}, Value{Value::Array{"spawn"}},
                           Value{Value::Array{"spawn", Value{}, "id"}}}) {
    EXPECT_FALSE(decode_master_message(msgpack::pack(bad)).ok());
  }
  EXPECT_FALSE(decode_master_message("\x93").ok());
}

Value stats_of(const Statistics& statistics) {
  return unpacked(WorkerMessages{"id"}.stats(statistics, 100.5, {{"Foo", 2}, {"Bar", 0}})).array()->at(1);
}

TEST(LocustMessagesTest, StatsHaveEveryMemberThatAMasterReads) {
  using namespace std::chrono_literals;
  const RequestName name{"GET", "/thing"};
  Statistics statistics{1};
  statistics.record(name, {.latency = 151'500us, .content_bytes = 10, .finished = 101.25});
  statistics.record(name, {.latency = 2'500us, .content_bytes = 2, .finished = 102.5, .failed = true});
  statistics.record_failure(name, "CatchResponseError('bad thing')", 102.5);
  const Value stats = stats_of(statistics);

  const auto& entries = *stats.find("stats")->array();
  ASSERT_EQ(entries.size(), 1U);
  for (const Value* entry : {&entries[0], stats.find("stats_total")}) {
    EXPECT_EQ(entry->find("num_requests")->count(), 2U);
    EXPECT_EQ(entry->find("num_failures")->count(), 1U);
    EXPECT_EQ(entry->find("num_none_requests")->count(), 0U);
    EXPECT_EQ(entry->find("last_request_timestamp")->number(), 102.5);
    EXPECT_EQ(entry->find("start_time")->number(), 100.5);
    EXPECT_EQ(entry->find("total_response_time")->number(), 154.0);
    EXPECT_EQ(entry->find("min_response_time")->number(), 2.5);
    EXPECT_EQ(entry->find("max_response_time")->number(), 151.5);
    EXPECT_EQ(entry->find("total_content_length")->count(), 12U);
    EXPECT_EQ(*entry->find("response_times"), (Value{Value::Map{{2U, std::uint64_t{1}}, {150U, std::uint64_t{1}}}}));
    EXPECT_EQ(entry->find("num_reqs_per_sec")->map()->size(), 2U);
    EXPECT_EQ(entry->find("num_fail_per_sec")->map()->front().first.count(), 102U);
  }
  EXPECT_EQ(entries[0].find("method")->text(), "GET");
  EXPECT_EQ(entries[0].find("name")->text(), "/thing");
  EXPECT_EQ(stats.find("stats_total")->find("name")->text(), "Aggregated");
  EXPECT_EQ(stats.find("user_count")->count(), 2U);
  EXPECT_EQ(stats.find("user_classes_count")->find("Bar")->count(), 0U);

  const auto& errors = *stats.find("errors")->map();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].second.find("error")->text(), "CatchResponseError('bad thing')");
  EXPECT_EQ(errors[0].second.find("occurrences")->count(), 1U);
  EXPECT_EQ(errors[0].second.find("name")->text(), "/thing");
  EXPECT_EQ(errors[0].second.find("method")->text(), "GET");
}

TEST(LocustMessagesTest, AFailureHasTheKeyThatLocustsOwnWorkersGiveIt) {
  const RequestName name{"GET", "/caught"};
  Statistics statistics{1};
  statistics.record(name, {.finished = 1, .failed = true});
  statistics.record_failure(name, "CatchResponseError('bad thing')", 1);
  EXPECT_EQ(stats_of(statistics).find("errors")->map()->front().first.text(),
            "af9098e9e9afd4f3260fc6abfaee457ce2bbb618a040f7da571d746ed2e0c2ce");
}

TEST(LocustMessagesTest, AnIntervalWithoutRequestsChangesNoLeastTimeAndNoLastRequest) {
  const Value stats = stats_of(Statistics{1});
  EXPECT_TRUE(stats.find("stats")->array()->empty());
  EXPECT_TRUE(stats.find("errors")->map()->empty());
  EXPECT_EQ(*stats.find("stats_total")->find("last_request_timestamp"), Value{});
  EXPECT_EQ(*stats.find("stats_total")->find("min_response_time"), Value{});
  EXPECT_EQ(stats.find("stats_total")->find("num_requests")->count(), 0U);
}

}  // namespace
}  // namespace triggers::swarm
