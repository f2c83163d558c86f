#pragma once

// Several nodes on one pair of tables (FleetTest), and a caller that watches, counts and disturbs their calls to
// DynamoDB (WatchedCaller). Tests of the client alone use client_fixture.h.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/manual_clock.h"
#include "base/random.h"
#include "base/sync_wait.h"
#include "store/dynamo/dynamo_store.h"
#include "store/dynamo/tables/tables.h"
#include "support/draft.h"
#include "support/dynamodb_local.h"

namespace triggers::store {

/// Stands between a node and DynamoDB: adds up what calls cost, loses answers, repeats and replaces calls.
class WatchedCaller final : public dynamo::Caller {
 public:
  explicit WatchedCaller(dynamo::Caller& real) : real_(real) {}

  /// Sees a call before it is made.
  std::function<void(dynamo::ApiCall, const boost::json::object&)> before;
  /// Called when a call that `before` has seen has ended.
  std::function<void()> after;
  /// True: the call is made, and its answer is lost.
  std::function<bool(dynamo::ApiCall, const boost::json::object&)> lose_answer;
  /// True: the call is not made, and its outcome is unknown.
  std::function<bool(dynamo::ApiCall, const boost::json::object&)> lose_request;

  /// What it answers is the answer; the call is not made.
  std::function<std::optional<dynamo::CallResult>(dynamo::ApiCall, const boost::json::object&)> answer_instead;
  /// As after an answer that was lost on the way: what may be repeated is done twice, and the second answer told.
  bool twice = false;

  std::atomic<double> read_units{0}, write_units{0};
  void forget_units() { read_units = write_units = 0; }

  Task<dynamo::CallResult> call(dynamo::ApiCall api_call, boost::json::object body, dynamo::Repeat repeat,
                                std::chrono::milliseconds within) override {
    body["ReturnConsumedCapacity"] = "TOTAL";
    const boost::json::object seen = body;
    if (before) before(api_call, seen);
    if (lose_request && lose_request(api_call, seen)) co_return unknown();
    if (answer_instead) {
      if (auto instead = answer_instead(api_call, seen)) co_return *std::move(instead);
    }
    if (twice && repeat == dynamo::Repeat::safe) {
      boost::json::object first = body;
      auto lost = co_await real_.call(api_call, std::move(first), repeat, within);
    }
    auto answer = co_await real_.call(api_call, std::move(body), repeat, within);
    if (after) after();
    if (answer) count(api_call, *answer);
    if (lose_answer && lose_answer(api_call, seen)) co_return unknown();
    co_return answer;
  }

  /// Retries that were waited for.
  std::atomic<int> retries{0};
  /// Set: so many retries of a step are made at once, and no further one, instead of waiting as the real client does.
  std::optional<unsigned> retries_at_once;
  Task<bool> wait_to_retry(unsigned retry, std::chrono::milliseconds within) override {
    ++retries;
    if (retries_at_once) co_return retry < *retries_at_once;
    co_return co_await real_.wait_to_retry(retry, within);
  }
  /// Instead of sleeping.
  std::function<void(std::chrono::milliseconds)> on_sleep = [](std::chrono::milliseconds) {};
  Task<void> sleep(std::chrono::milliseconds time) override {
    on_sleep(time);
    co_return;
  }
  /// Called after each pause between looks.
  std::function<void()> after_pause;
  Task<bool> pause(unsigned round, std::chrono::milliseconds within) override {
    const bool paused = co_await real_.pause(round, within);
    if (after_pause) after_pause();
    co_return paused;
  }

 private:
  static dynamo::CallError unknown() { return {dynamo::CallError::Kind::unknown, "lost by the test", {}}; }
  void count(dynamo::ApiCall api_call, const boost::json::object& answer) {
    const auto* consumed = answer.if_contains("ConsumedCapacity");
    if (consumed == nullptr) return;
    const bool reads = api_call == dynamo::ApiCall::get_item || api_call == dynamo::ApiCall::query ||
                       api_call == dynamo::ApiCall::scan || api_call == dynamo::ApiCall::batch_get_item;
    const auto add = [&](const boost::json::value& one) {
      (reads ? read_units : write_units) += one.at("CapacityUnits").to_number<double>();
    };
    // A transaction's has an element for each table.
    if (consumed->is_object()) add(*consumed);
    if (!consumed->is_array()) return;
    for (const auto& one : consumed->get_array()) add(one);
  }

  dynamo::Caller& real_;
};

/// False for a call that only reads: if it fails, nothing is half done, and its outcome is never unknown.
inline bool is_write(dynamo::ApiCall api_call) {
  using enum dynamo::ApiCall;
  return api_call == put_item || api_call == update_item || api_call == delete_item || api_call == transact_write_items;
}

/// True for a call about an item whose partition begins so, alone or as part of a transaction.
inline bool writes(const boost::json::object& body, std::string_view prefix) {
  if (const auto* parts = body.if_contains("TransactItems")) {
    return std::ranges::any_of(parts->as_array(), [&](const boost::json::value& part) {
      return writes(part.as_object().begin()->value().as_object(), prefix);
    });
  }
  const auto* item = body.if_contains("Item");
  if (item == nullptr) item = body.if_contains("Key");
  return item != nullptr && std::string_view{item->at("k").at("S").as_string()}.starts_with(prefix);
}

/// True for a call that stores a pending event, in either form.
inline bool puts_event(dynamo::ApiCall api_call, const boost::json::object& body) {
  return (api_call == dynamo::ApiCall::put_item || api_call == dynamo::ApiCall::transact_write_items) &&
         writes(body, "q#");
}

/// Nodes on two tables of their own.
class FleetTest : public testing::Test {
 protected:
  struct Node {
    std::unique_ptr<WatchedCaller> caller;
    std::unique_ptr<DynamoStore> store;
  };

  FleetTest() {
    const std::string name = "fleet-" + std::to_string(random_u64());
    config.events_table = name + "-events";
    config.keys_table = name + "-keys";
    config.clock = &clock;
    const auto made = sync_wait(tables().create()).value();
    for (const auto& table : made) EXPECT_TRUE(table.good) << table.text;
  }
  ~FleetTest() override { EXPECT_TRUE(sync_wait(tables().remove()).ok()); }

  dynamo::Tables tables() { return {*real, config.events_table, config.keys_table}; }
  Node node() { return node(config); }
  Node node(const DynamoStoreConfig& with) {
    Node node;
    node.caller = std::make_unique<WatchedCaller>(*real);
    node.caller->on_sleep = [this](std::chrono::milliseconds time) { clock.advance(time); };
    node.store = std::make_unique<DynamoStore>(with, *node.caller);
    return node;
  }

  Result<Appended> try_append(Node& at, const Draft& draft) {
    return sync_wait(at.store->append(tenant, draft.append()));
  }
  Appended append(Node& at, const Draft& draft) { return try_append(at, draft).value(); }
  std::vector<Result<Appended>> append_batch(Node& at, const std::vector<Draft>& drafts) {
    std::vector<IncomingEvent> events;
    for (const Draft& draft : drafts) events.push_back(draft.append());
    return sync_wait(at.store->append_batch(tenant, std::move(events)));
  }
  Page page(Node& at, const PageQuery& query = {}) { return sync_wait(at.store->page(tenant, query)).value(); }
  std::optional<StoredEvent> get(Node& at, EventId id) { return sync_wait(at.store->get(tenant, id)).value(); }
  AckStatus acknowledge(Node& at, EventId id) { return sync_wait(at.store->acknowledge(tenant, {id})).value().at(0); }

  static dynamo::DynamoConfig client_config() {
    dynamo::DynamoConfig config;
    config.region = "eu-west-1";
    config.endpoint_url = testing_support::DynamodbLocal::shared_url();
    return config;
  }

  Tenant tenant{"acme"};
  /// In the year 2100: DynamoDB Local removes what has expired by its own clock.
  ManualClock clock{UnixMillis{std::chrono::milliseconds{4'102'444'800'000}}};
  aws::FixedCredentials credentials{{"example", "secret", "", std::nullopt}};
  metrics::Registry registry;
  std::unique_ptr<dynamo::DynamoClient> client =
      dynamo::DynamoClient::create(client_config(), credentials, registry).value();
  std::unique_ptr<dynamo::Caller> real = dynamo::make_caller(*client);
  DynamoStoreConfig config;
};

}  // namespace triggers::store
