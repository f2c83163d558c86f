#include "service.h"

#include "base/sync_wait.h"
#include "log/log.h"

namespace triggers {
namespace {

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// What the committer tells about each group commit.
std::function<void(const store::CommitStats&)> commit_metrics(metrics::Registry& registry) {
  auto& batch =
      registry.histogram("triggers_commit_batch_operations", "Operations in one group commit.", metrics::size_bounds());
  auto& sync = registry.histogram("triggers_commit_sync_seconds",
                                  "Writing and syncing the write-ahead log, for each group commit.",
                                  metrics::duration_bounds_seconds());
  auto& total =
      registry.histogram("triggers_commit_seconds", "A whole group commit.", metrics::duration_bounds_seconds());
  auto& accepted = registry.counter("triggers_events_accepted_total", "Events stored.");
  auto& duplicates = registry.counter("triggers_events_duplicate_total", "Events that were answered as duplicates.");
  auto& acknowledged = registry.counter("triggers_events_acknowledged_total", "Events acknowledged.");
  return [&](const store::CommitStats& stats) {
    batch.observe(static_cast<double>(stats.operations));
    sync.observe(seconds(stats.log_time));
    total.observe(seconds(stats.total_time));
    accepted.add(stats.accepted);
    duplicates.add(stats.duplicates);
    acknowledged.add(stats.acknowledged);
  };
}

store::RocksConfig store_config(const config::Config& config, bool background) {
  store::RocksConfig store;
  store.data_dir = config.data_dir;
  store.memory_bytes = config.memory_budget_bytes;
  store.dedup_window = config.dedup_window;
  store.idempotency_window = config.idempotency_window;
  store.event_ttl = config.event_ttl;
  store.commit.queue_operations_max = config.queue_events_max;
  store.commit.queue_bytes_max = config.queue_bytes_max;
  store.background = background;
  return store;
}

}  // namespace

Service::~Service() {
  if (ring_) flush_last_used();  // None if open() has failed half-way.
}

Result<std::unique_ptr<Service>> Service::open(const config::Config& config, bool background) {
  std::unique_ptr<Service> service(new Service);
  auto store_options = store_config(config, background);
  store_options.on_commit = commit_metrics(service->registry_);
  auto store = store::RocksStore::open(std::move(store_options));
  if (!store) return std::move(store).error();
  service->store_ = std::move(*store);
  auto secret = sync_wait(service->store_->shared_secret());
  if (!secret) return std::move(secret).error();

  const Clock& clock = Clock::system();
  service->ring_ = std::make_unique<api::KeyRing>(*service->store_);
  service->failures_ = std::make_unique<limit::FailureLimiter>(config.auth_failures_per_minute);
  service->services_.reset(new api::Services{
      .events = *service->store_,
      .keys = *service->store_,
      .ring = *service->ring_,
      .failures = *service->failures_,
      .registry = service->registry_,
      .config = config,
      .clock = clock,
      .cursor_secret = std::move(*secret),
      .started_at = clock.steady(),
      .backup = [raw = service->store_.get()](std::string directory) { return raw->backup(std::move(directory)); },
      .stopping = [raw = service.get()] { return raw->stopping_.load(); },
  });
  if (background && config.access_log) service->access_log_ = std::make_unique<log::AccessLog>();
  service->api_ = std::make_unique<api::Api>(*service->services_, service->access_log_.get());
  service->add_store_metrics();
  return service;
}

void Service::flush_last_used() {
  const auto flushed = sync_wait(ring_->flush_last_used());
  if (!flushed) log::warning("last_used_not_written", {{"cause", flushed.error().message}});
}

void Service::report_store_failure() {
  if (failure_reported_) return;
  const auto health = store_->health();
  if (health.writable) return;
  failure_reported_ = true;
  log::error("store_stopped", {{"cause", health.problem}});
}

void Service::add_store_metrics() {
  metrics::add_process_metrics(registry_);
  auto& undelivered = registry_.gauge("triggers_events_undelivered", "Events that wait in inboxes, of all tenants.");
  auto& age = registry_.gauge("triggers_oldest_undelivered_age_seconds",
                              "Age of the oldest undelivered event; 0 if there is none.");
  auto& depth = registry_.gauge("triggers_commit_queue_operations", "Writes that wait for the next group commit.");
  auto& bytes = registry_.gauge("triggers_commit_queue_bytes", "Size of the writes that wait.");
  auto& writable = registry_.gauge("triggers_store_writable", "1 while the store takes writes, 0 after a failure.");
  registry_.on_scrape([&, this] {
    const auto store_metrics = store_->metrics();
    undelivered.set(static_cast<double>(store_metrics.undelivered));
    const auto now = Clock::system().now();
    age.set(store_metrics.oldest_undelivered ? std::max(0.0, seconds(now - *store_metrics.oldest_undelivered)) : 0.0);
    depth.set(static_cast<double>(store_metrics.queue_depth));
    bytes.set(static_cast<double>(store_metrics.queue_bytes));
    writable.set(store_->health().writable ? 1 : 0);
  });
  if (access_log_) {
    registry_.counter_from("triggers_access_log_dropped_total",
                           "Lines of the access log that were dropped because its reader stood still.", {},
                           [this] { return static_cast<double>(access_log_->dropped()); });
  }
}

}  // namespace triggers
