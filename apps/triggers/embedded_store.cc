// The embedded engine as an OpenStore (open_store.h): its options from the configuration, its metrics (those of
// inboxes: inbox_gauges.h), backups, and the log line about a damaged disk. For a command, it checks before that the
// process may start enough threads. The engine itself is in store/rocks.

#include <array>
#include <utility>

#include "backup_target.h"
#include "descriptor_plan.h"
#include "inbox_gauges.h"
#include "lease_counters.h"
#include "log/log.h"
#include "open_store.h"
#include "store/rocks/rocks_store.h"
#include "thread_plan.h"

namespace triggers {
namespace {

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

store::LeaseStats lease_stats(const store::CommitStats& stats) {
  store::LeaseStats of_leases;
  of_leases.leases = stats.leases;
  of_leases.refused = stats.leases_refused;
  of_leases.refused_tracked = stats.leases_refused_tracked;
  of_leases.leased = stats.leased;
  of_leases.acknowledged = stats.acknowledged_by_lease;
  of_leases.released = stats.released;
  of_leases.lost = stats.lease_lost;
  of_leases.timed_out = stats.leases_timed_out;
  of_leases.died = stats.died;
  return of_leases;
}

/// The metrics of each group commit.
std::function<void(const store::CommitStats&)> commit_metrics(metrics::Registry& registry) {
  auto& batch =
      registry.histogram("triggers_commit_batch_operations", "Operations in one group commit.", metrics::size_bounds());
  auto& sync = registry.histogram("triggers_commit_sync_seconds",
                                  "Time to write and sync the write-ahead log, for each group commit.",
                                  metrics::duration_bounds_seconds());
  auto& total = registry.histogram("triggers_commit_seconds", "Time of a whole group commit.",
                                   metrics::duration_bounds_seconds());
  auto& compared = registry.counter("triggers_commit_compared_bytes_total",
                                    "Payload bytes that commits compared or hashed to detect duplicates.");
  auto& left = registry.counter(
      "triggers_commit_left_events_total",
      "Events that a commit left for the next one: hashing them would have taken too long, or the inboxes "
      "of their tenant had changed.");
  const std::array without_room = {&without_room_counter(registry, "disk-reserve-bytes"),
                                   &without_room_counter(registry, "tenant-bytes-max"),
                                   &without_room_counter(registry, "tenant-undelivered-max")};
  static_assert(without_room.size() == store::storage_limit_count);
  const EventCounters counters(registry);
  const LeaseCounters leases(registry);
  return [&, without_room, counters, leases](const store::CommitStats& stats) {
    batch.observe(static_cast<double>(stats.operations));
    sync.observe(seconds(stats.log_time));
    total.observe(seconds(stats.total_time));
    compared.add(stats.compared_bytes);
    left.add(stats.left_events);
    counters.accepted.add(stats.accepted);
    counters.duplicates.add(stats.duplicates);
    counters.acknowledged.add(stats.acknowledged);
    leases.add(lease_stats(stats));
    for (std::size_t i = 0; i < without_room.size(); ++i) {
      if (stats.without_room[i] > 0) without_room[i]->add(stats.without_room[i]);
    }
  };
}

store::RocksConfig store_config(const config::Config& config, bool background) {
  store::RocksConfig store;
  store.data_dir = config.data_dir;
  store.memory_bytes = config.memory_budget_bytes;
  store.dedup_window = config.dedup_window;
  store.idempotency_window = config.idempotency_window;
  store.event_ttl = config.event_ttl;
  store.leased_max = config.leased_max;
  store.disk_reserve_bytes = config.disk_reserve_bytes;
  store.tenant_limits = {.bytes_max = config.tenant_bytes_max,
                         .undelivered_max = config.tenant_undelivered_max,
                         .tracked_max = config.tenant_tracked_max};
  store.commit.queue_operations_max = config.queue_events_max;
  store.commit.queue_bytes_max = config.queue_bytes_max;
  store.waiters_max = config.waiters_max;
  store.background = background;
  store.open_files_max = plan_descriptors(config).store_files_max;
  return store;
}

/// Free space on the disk of the data directory, as last measured.
void add_disk_metrics(metrics::Registry& registry, const store::RocksStore& store) {
  auto& free = registry.gauge("triggers_disk_free_bytes", "Free space on the file system of the data directory.");
  auto& size = registry.gauge("triggers_disk_size_bytes", "Size of the file system of the data directory.");
  auto& level =
      registry.gauge("triggers_disk_level", "Free space: 0 if there is enough, 1 if it is low, 2 if it is very low.");
  auto& reserve = registry.gauge("triggers_disk_reserve_bytes", "Free space below which new events are refused.");
  auto& full =
      registry.gauge("triggers_disk_reserve_reached", "1 while new events are refused because of the reserve, else 0.");
  registry.on_scrape([&] {
    const auto disk = store.disk().value_or(store::DiskSpace{});
    free.set(static_cast<double>(disk.free_bytes));
    size.set(static_cast<double>(disk.total_bytes));
    level.set(static_cast<double>(disk.level));
    reserve.set(static_cast<double>(disk.reserve_bytes));
    full.set(store.has_room() ? 0 : 1);
  });
}

/// Entries that are in memory.
void add_tracked_metrics(metrics::Registry& registry, const store::RocksStore& store) {
  auto& tracked = registry.gauge("triggers_entries_tracked",
                                 "Entries that were leased and have not left, of all tenants; they are in memory.");
  auto& fullest = registry.gauge("triggers_entries_tracked_of_fullest_tenant",
                                 "Of these, the entries of the tenant that has most of them.");
  registry.on_scrape([&] {
    const auto totals = store.inbox_totals();
    if (!totals) return;
    tracked.set(static_cast<double>(totals->tracked));
    fullest.set(static_cast<double>(totals->tracked_of_fullest));
  });
}

/// What counts against tenant-bytes-max. Not by tenant: there may be any number.
void add_tenant_metrics(metrics::Registry& registry, const store::RocksStore& store) {
  if (!store.stored_bytes()) return;
  auto& bytes = registry.gauge("triggers_stored_bytes", "Bytes of all stored events, as tenant-bytes-max counts them.");
  registry.on_scrape([&] { bytes.set(static_cast<double>(store.stored_bytes().value_or(0))); });
}

class EmbeddedStore final : public OpenStore {
 public:
  EmbeddedStore(std::unique_ptr<store::RocksStore> store, std::string data_dir, metrics::Registry& registry)
      : store_(std::move(store)), data_dir_(std::move(data_dir)) {
    registry.counter_from("triggers_store_unreadable_total",
                          "Reads of records that failed, and compactions of files that failed: the disk is damaged.",
                          {}, [raw = store_.get()] { return static_cast<double>(raw->damage().count()); });
    registry.counter_from("triggers_inbox_expired_total",
                          "Undelivered events that left an inbox because they were older than its retention.", {},
                          [raw = store_.get()] { return static_cast<double>(raw->entries_expired()); });
    add_job_metrics(registry, "Purges and replays of inboxes that have not ended.", [raw = store_.get()] {
      const auto jobs = raw->jobs();
      return JobFigures{.running = jobs.running, .done = jobs.done, .failed = jobs.failed};
    });
  }

  [[nodiscard]] store::EventLog& log() noexcept override { return *store_; }
  [[nodiscard]] store::DefaultInbox& inbox() noexcept override { return *store_; }
  [[nodiscard]] store::InboxStore* inboxes() noexcept override { return store_.get(); }
  [[nodiscard]] store::KeyStore& keys() noexcept override { return *store_; }
  [[nodiscard]] const store::StoreStatus& status() const noexcept override { return *store_; }
  [[nodiscard]] StoreFeatures features() override {
    StoreFeatures features;
    features.backup = [this](std::string directory) { return make_backup(std::move(directory)); };
    features.ids_ahead = [this] { return store_->ids_ahead(); };
    return features;
  }
  void every_second() override {
    for (const std::string& what : store_->damage().take()) {
      log::error("store_unreadable", {{"cause", what}, {"remedy", "check the disk, and restore a backup"}});
    }
  }

 private:
  Task<Status> make_backup(std::string directory) {
    if (auto sound = check_backup_target(directory, data_dir_); !sound) co_return sound;
    auto done = co_await store_->backup(directory);
    if (!done && done.error().code == ErrorCode::share_used) {
      co_return Error{ErrorCode::overloaded, "a backup is under way and others wait: try again when they have ended"};
    }
    co_return done;
  }

  std::unique_ptr<store::RocksStore> store_;
  const std::string data_dir_;
};

}  // namespace

Result<std::unique_ptr<OpenStore>> open_embedded_store(const config::Config& config, metrics::Registry& registry,
                                                       const Clock& clock, bool background, store::Access access) {
  // A server has checked this before its first thread.
  if (!background) {
    if (auto enough = check_threads(plan_threads(config, false)); !enough) return std::move(enough).error();
  }
  auto options = store_config(config, background);
  options.access = access;
  options.clock = &clock;
  options.on_commit = commit_metrics(registry);
  auto store = store::RocksStore::open(std::move(options));
  if (!store) return std::move(store).error();
  if (background) {
    add_disk_metrics(registry, **store);
    add_tenant_metrics(registry, **store);
    add_tracked_metrics(registry, **store);
    add_inbox_gauges(
        registry,
        [raw = store->get()]() -> std::optional<store::InboxTotals> {
          const auto totals = raw->inbox_totals();
          return totals ? std::optional(*totals) : std::nullopt;
        },
        clock);
  }
  return std::unique_ptr<OpenStore>(std::make_unique<EmbeddedStore>(std::move(*store), config.data_dir, registry));
}

}  // namespace triggers
