// The DynamoDB engine as an OpenStore (open_store.h): its options, its metrics, how long keys are held,
// shared rate limits, its work every second or before a freeze, and the threads that look for what other nodes have
// made available and that do the regular work of the fleet. The engine itself is in store/dynamo; the connection is in
// dynamo_access.h.

#include "store/dynamo/dynamo_store.h"

#include <algorithm>
#include <thread>

#include "base/process_start.h"
#include "base/stoppable_sleep.h"
#include "base/sync_wait.h"
#include "base/thread_name.h"
#include "base/turn_pool.h"
#include "dynamo_access.h"
#include "inbox_gauges.h"
#include "lease_counters.h"
#include "log/log.h"
#include "open_store.h"
#include "store/dynamo/client/client.h"

namespace triggers {
namespace {

/// Twice in the second within which a reader hears of what another node has made available.
constexpr std::chrono::milliseconds look_interval{500};

constexpr std::chrono::seconds visit_interval{1};

/// A changed key must reach every node within 5 seconds, which includes the time to read it.
constexpr std::chrono::milliseconds keys_held{4'000};

store::DynamoStoreConfig store_config(const config::Config& config, metrics::Registry& registry, const Clock& clock) {
  store::DynamoStoreConfig store;
  store.clock = &clock;
  store.events_table = config.dynamodb_table_events;
  store.keys_table = config.dynamodb_table_api_keys;
  store.shards = config.dynamodb_inbox_shards;
  store.windows = {config.dedup_window, config.idempotency_window};
  store.event_ttl = config.event_ttl;
  store.inboxes = true;
  store.entries.leased_max = config.leased_max;
  store.entries.waiters_max = config.waiters_max;
  store.tenant_limits = {.bytes_max = config.tenant_bytes_max,
                         .undelivered_max = config.tenant_undelivered_max,
                         .tracked_max = config.tenant_tracked_max};
  store.calls_max = config.queue_events_max;
  // As many as there are connections (DynamoConfig::connections_max for each loop), so that a call that has its turn
  // finds a connection free.
  const unsigned loops = config.threads != 0 ? config.threads : std::max(1U, std::thread::hardware_concurrency() / 2);
  store.calls_at_once = store::dynamo::DynamoConfig{}.connections_max * loops;
  const EventCounters counters(registry);
  store.on_done = [counters](std::uint64_t accepted, std::uint64_t duplicates, std::uint64_t acknowledged) {
    counters.accepted.add(accepted);
    counters.duplicates.add(duplicates);
    counters.acknowledged.add(acknowledged);
  };
  auto& bytes = without_room_counter(registry, "tenant-bytes-max");
  auto& undelivered = without_room_counter(registry, "tenant-undelivered-max");
  store.on_no_room = [&](store::StorageLimit limit) {
    (limit == store::StorageLimit::tenant_bytes ? bytes : undelivered).add();
  };
  auto& expired = registry.counter("triggers_inbox_expired_total",
                                   "Undelivered events that left an inbox because they were older than its retention.");
  const LeaseCounters leases(registry);
  store.entries.on_leases = [leases, &expired](const store::LeaseStats& stats) {
    leases.add(stats);
    if (stats.expired > 0) expired.add(stats.expired);
  };
  return store;
}

class FleetStore final : public OpenStore {
 public:
  FleetStore(std::unique_ptr<DynamoAccess> access, store::DynamoStoreConfig config, FleetWork work)
      : access_(std::move(access)),
        pool_(work == FleetWork::none ? nullptr : std::make_unique<TurnPool>(1, "inbox-filters")),
        store_(with_pool(std::move(config), pool_.get()), access_->caller()) {
    if (work == FleetWork::none) return;
    looking_ = std::jthread([this](const std::stop_token& stop) { look_for_readers(stop); });
    if (work == FleetWork::all) visiting_ = std::jthread([this](const std::stop_token& stop) { visit(stop); });
  }
  ~FleetStore() override {
    for (auto* thread : {&looking_, &visiting_}) thread->request_stop();
    for (auto* thread : {&looking_, &visiting_}) *thread = {};
    sync_wait(store_.flush_counts(true));
  }

  /// Of what this node has visited.
  void add_inbox_metrics(metrics::Registry& registry, const Clock& clock) {
    add_inbox_gauges(registry, [this] { return std::optional(store_.inbox_totals()); }, clock);
    add_job_metrics(registry, "Purges and replays of inboxes that have not ended, on any node.", [this] {
      const auto jobs = store_.jobs();
      return JobFigures{.running = jobs.running, .done = jobs.done, .failed = jobs.failed};
    });
  }

  [[nodiscard]] store::EventLog& log() noexcept override { return store_; }
  [[nodiscard]] store::DefaultInbox& inbox() noexcept override { return store_; }
  [[nodiscard]] store::InboxStore* inboxes() noexcept override { return &store_; }
  [[nodiscard]] store::KeyStore& keys() noexcept override { return store_; }
  [[nodiscard]] const store::StoreStatus& status() const noexcept override { return store_; }
  [[nodiscard]] StoreFeatures features() override {
    StoreFeatures features;
    features.keys_hold_for = keys_held;
    features.take_slice = [this](std::string key_id, std::uint32_t per_minute, std::function<std::uint32_t()> wanted) {
      return store_.take_slice(std::move(key_id), per_minute, std::move(wanted));
    };
    features.flush = [this] { return flush(); };
    return features;
  }
  void every_second() override {
    sync_wait(store_.flush_counts(false));
    sync_wait(store_.probe_if_troubled());
  }

 private:
  static store::DynamoStoreConfig with_pool(store::DynamoStoreConfig config, TurnPool* pool) {
    config.pool = pool;
    return config;
  }

  Task<void> flush() {
    co_await store_.flush_counts_spaced();
    co_await store_.probe_if_troubled();
  }

  /// Calls `work` again and again, each time after `pause`.
  template <class Work>
  static void repeat(const std::stop_token& stop, std::chrono::milliseconds pause, const Work& work) {
    for (stoppable_sleep(stop, pause); !stop.stop_requested(); stoppable_sleep(stop, pause)) {
      try {
        work();
      } catch (...) {
        log::error("inbox_work_failed", {{"cause", cause_of(std::current_exception())}});
      }
    }
  }
  void look_for_readers(const std::stop_token& stop) {
    name_thread("inbox-looks");
    repeat(stop, look_interval, [this] {
      sync_wait(store_.refresh_settings());
      sync_wait(store_.poll_arrivals());
    });
  }
  /// What fails is tried again by a later visit, perhaps of another node.
  void visit(const std::stop_token& stop) {
    name_thread("inbox-visits");
    repeat(stop, visit_interval, [this] { (void)sync_wait(store_.visit_fleet()); });
  }

  std::unique_ptr<DynamoAccess> access_;
  std::unique_ptr<TurnPool> pool_;  ///< Null in a command, which has one request at a time.
  store::DynamoStore store_;
  std::jthread looking_, visiting_;
};

}  // namespace

Result<std::unique_ptr<OpenStore>> open_dynamo_store(const config::Config& config, metrics::Registry& registry,
                                                     const Clock& clock, FleetWork work, std::size_t page_bytes_max) {
  auto access = DynamoAccess::open(config, registry);
  if (!access) return std::move(access).error();
  auto store = store_config(config, registry, clock);
  store.page.bytes_max = page_bytes_max;
  auto opened = std::make_unique<FleetStore>(std::move(*access), std::move(store), work);
  if (work == FleetWork::all) opened->add_inbox_metrics(registry, clock);
  return std::unique_ptr<OpenStore>(std::move(opened));
}

}  // namespace triggers
