// The DynamoDB engine for the contract suite, on DynamoDB Local. Tests that only it must pass are in tests/dynamo.

#include <atomic>
#include <boost/json.hpp>

#include "base/random.h"
#include "base/sync_wait.h"
#include "contract/engine.h"
#include "store/dynamo/client/item.h"
#include "store/dynamo/dynamo_store.h"
#include "store/dynamo/tables/tables.h"
#include "support/dynamodb_local.h"

namespace triggers::store::contract {
namespace {

namespace json = boost::json;
using dynamo::ApiCall;
using dynamo::Repeat;

class DynamoEngine final : public InboxEngine {
 public:
  DynamoEngine(const EngineOptions& options, const Clock& clock) : clock_(clock) {
    const std::string name = "contract-" + std::to_string(random_u64());
    config_.events_table = name + "-events";
    config_.keys_table = name + "-keys";
    config_.windows = {options.dedup_window, options.idempotency_window};
    config_.event_ttl = options.event_ttl;
    config_.page.filter_time_max = options.filter_time_max;
    config_.page.returned_max = 1'500;  // The clock of most tests stands still, so that nothing is ever settled.
    config_.clock = &clock;
    // Of settings, a node reads the version for each request, because the clock of most tests stands still.
    config_.inboxes = true;
    config_.settings.age_max = std::chrono::milliseconds{0};
    config_.settings.change_wait = std::chrono::milliseconds{0};
    config_.tenant_limits = options.tenant_limits;
    config_.entries.leased_max = options.leased_max;
    config_.entries.waiters_max = options.waiters_max;
    const auto made = sync_wait(tables().create()).value();
    for (const auto& table : made) INVARIANT(table.good);
    open();
  }
  ~DynamoEngine() override {
    store_.reset();
    const auto removed = sync_wait(tables().remove());
    INVARIANT(removed.ok());
  }

  EventLog& log() override { return *store_; }
  DefaultInbox& inbox() override { return *store_; }
  InboxStore& inboxes() override { return *store_; }
  void settle() override {
    const auto settled = sync_wait(store_->settle_fleet());
    INVARIANT(settled.ok());
    sync_wait(store_->poll_arrivals());
  }
  StoreStatus& status() override { return *store_; }
  KeyStore& keys() override { return *store_; }
  void restart() override {
    sync_wait(store_->flush_counts(true));
    store_.reset();
    open();
  }
  [[nodiscard]] bool orders_by_commit() const override { return false; }

  /// What DynamoDB does by itself, some time after an item has expired. Counts events only.
  std::size_t sweep(std::size_t events_max) override {
    json::object scan;
    scan["TableName"] = config_.events_table;
    scan["FilterExpression"] = "x <= :now AND begins_with(k, :delivered)";
    json::object values;
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now().time_since_epoch());
    values[":now"] = dynamo::number_value(now.count());
    values[":delivered"] = dynamo::text_value("d#");
    scan["ExpressionAttributeValues"] = std::move(values);
    auto found =
        sync_wait(caller_->call(ApiCall::scan, std::move(scan), Repeat::safe, std::chrono::seconds{10})).value();
    std::size_t removed = 0;
    for (const auto& item : found.at("Items").as_array()) {
      if (removed == events_max) break;
      json::object key;
      key["k"] = item.at("k");
      key["i"] = item.at("i");
      json::object body;
      body["TableName"] = config_.events_table;
      body["Key"] = std::move(key);
      const auto gone =
          sync_wait(caller_->call(ApiCall::delete_item, std::move(body), Repeat::safe, std::chrono::seconds{10}));
      removed += gone ? 1 : 0;
    }
    return removed;
  }

 private:
  dynamo::Tables tables() { return {*caller_, config_.events_table, config_.keys_table}; }
  void open() { store_ = std::make_unique<DynamoStore>(config_, *caller_); }

  static dynamo::DynamoConfig client_config() {
    dynamo::DynamoConfig config;
    config.region = "eu-west-1";
    config.endpoint_url = testing_support::DynamodbLocal::shared_url();
    return config;
  }

  aws::FixedCredentials credentials_{{"example", "secret", "", std::nullopt}};
  metrics::Registry registry_;
  std::unique_ptr<dynamo::DynamoClient> client_ =
      dynamo::DynamoClient::create(client_config(), credentials_, registry_).value();
  std::unique_ptr<dynamo::Caller> caller_ = dynamo::make_caller(*client_);
  const Clock& clock_;
  DynamoStoreConfig config_;
  std::unique_ptr<DynamoStore> store_;
};

}  // namespace

EngineFactory engine_under_test() {
  return {"dynamo", [](const EngineOptions& options, const Clock& clock) {
            return std::make_unique<DynamoEngine>(options, clock);
          }};
}

}  // namespace triggers::store::contract
