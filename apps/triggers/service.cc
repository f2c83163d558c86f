#include "service.h"

#include "api/exchange/response_memory.h"
#include "base/process_start.h"
#include "base/sync_wait.h"
#include "log/log.h"

namespace triggers {
namespace {

constexpr std::chrono::seconds last_used_interval{30};
constexpr std::chrono::milliseconds log_patience{500};
constexpr int standard_output = 1;
constexpr unsigned parser_threads = 1;

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

Service::~Service() {
  // open() may have failed half-way; and a destructor must not let an exception out.
  if (ring_ && !finished_) finish();
}

void Service::finish() noexcept {
  finished_ = true;
  if (access_ == store::Access::read) return;  // Nothing is to be written.
  try {
    write_last_used_if_possible();
  } catch (...) {
    log::warning("last_used_not_written", {{"cause", cause_of(std::current_exception())}});
  }
}

void Service::write_last_used_if_possible() {
  const auto health = store_->status().health();
  if (health.writable) {
    flush_last_used();
  } else {
    // They are only hints, so a stop does not wait for a store that does not respond.
    log::warning("last_used_not_written", {{"cause", health.problem}});
  }
}

Result<std::unique_ptr<Service>> Service::open(const config::Config& config, bool background, const Clock& clock,
                                               store::Access access) {
  std::unique_ptr<Service> service(new Service);
  service->access_ = access;
  auto store = open_store(config, service->registry_, clock, background, access);
  if (!store) return std::move(store).error();
  service->store_ = std::move(*store);
  service->features_ = service->store_->features();
  auto secret = sync_wait(service->store_->keys().shared_secret());
  if (!secret) return std::move(secret).error();

  service->clock_ = &clock;
  service->ring_ =
      std::make_unique<api::KeyRing>(service->store_->keys(), service->rate_buckets_, api::KeyRing::bytes_max_default,
                                     service->features_.keys_hold_for, clock);
  service->failures_ = std::make_unique<limit::FailureLimiter>(config.auth_failures_per_minute);
  service->first_reads_ = std::make_unique<api::FirstReads>(*service->failures_, clock);
  service->streams_ = std::make_unique<FairCount>(config.streams_max);
  service->answers_ = std::make_unique<FairBudget>(config.answers_bytes_max, api::small_response_bytes);
  // A command has one request at a time.
  if (background) service->parsers_ = std::make_unique<TurnPool>(parser_threads, "parser");
  service->services_.reset(new api::Services{
      .log = service->store_->log(),
      .inbox = service->store_->inbox(),
      .inboxes = service->store_->inboxes(),
      .keys = service->store_->keys(),
      .status = service->store_->status(),
      .ring = *service->ring_,
      .failures = *service->failures_,
      .first_reads = *service->first_reads_,
      .streams = *service->streams_,
      .answers = *service->answers_,
      .registry = service->registry_,
      .config = config,
      .clock = clock,
      .cursor_secret = std::move(*secret),
      .started_at = clock.steady(),
      .backup = service->features_.backup,
      .stopping = [raw = service.get()] { return raw->stopping_.load(); },
      .take_slice = service->features_.take_slice,
      .parsers = service->parsers_.get(),
  });
  if (background && config.access_log)
    service->access_log_ = std::make_unique<log::AccessLog>(standard_output, config.log_format);
  service->api_ = std::make_unique<api::Api>(*service->services_, service->access_log_.get());
  service->add_store_metrics();
  return service;
}

http::Handlers Service::handlers() {
  http::Handlers handlers;
  handlers.handle = [this](const http::Request& request) { return api_->handle(request); };
  handlers.admit = [this](const http::Request& head) { return api_->admit(head); };
  handlers.protocol_error = [this](const http::ProtocolError& error, const http::Request& request) {
    return api_->protocol_error(error, request);
  };
  handlers.internal_error = [this](const http::Request& request) { return api_->internal_error(request); };
  handlers.decoders = parsers_.get();
  return handlers;
}

Task<void> Service::flush_keys() {
  const auto flushed = co_await ring_->flush_last_used();
  if (!flushed) log::warning("last_used_not_written", {{"cause", flushed.error().message}});
  rate_buckets_.forget_unused(clock_->steady());
}

void Service::flush_last_used() { sync_wait(flush_keys()); }

void Service::every_second() {
  store_->every_second();
  const auto health = store_->status().health();
  // A shortage that may end by itself may turn out to need a restart, which is logged again.
  if (health.problem == failure_reported_) return;
  failure_reported_ = health.problem;
  if (health.writable) {
    log::info("store_serves_again");
    return;
  }
  log::error("store_stopped", {{"cause", health.problem}});
}

Task<void> Service::flush() {
  if (access_log_) access_log_->flush(log_patience);
  if (features_.flush) co_await features_.flush();
  const auto now = clock_->steady();
  if (last_used_at_ && now - *last_used_at_ < last_used_interval) co_return;
  last_used_at_ = now;
  co_await flush_keys();
}

void Service::add_waiting_metrics() {
  store::InboxStore* const inboxes = store_->inboxes();
  if (inboxes == nullptr) return;
  auto& waiting = registry_.gauge("triggers_waiters", "Requests and streams that wait for entries of an inbox.");
  auto& streams = registry_.gauge("triggers_streams", "Open streams of inboxes.");
  registry_.on_scrape([&, this, inboxes] {
    waiting.set(static_cast<double>(inboxes->waiters().waiting()));
    streams.set(static_cast<double>(streams_->taken()));
  });
  auto& served = registry_.histogram(
      "triggers_waiter_served_seconds",
      "Time from when entries became available until the request or stream that they woke had them.",
      metrics::duration_bounds_seconds());
  inboxes->waiters().observe_served(
      [&served](std::chrono::nanoseconds time) { served.observe(std::chrono::duration<double>(time).count()); });
  registry_.counter_from("triggers_waiters_refused_total",
                         "Requests that found no place to wait: waiters-max, or their tenant's share of it.", {},
                         [inboxes] { return static_cast<double>(inboxes->waiters().refused()); });
  registry_.counter_from("triggers_streams_refused_total",
                         "Streams that found no place: streams-max, or their tenant's share of it.", {},
                         [this] { return static_cast<double>(streams_->refused()); });
}

void Service::add_store_metrics() {
  metrics::add_process_metrics(registry_);
  const bool embedded = services_->config.store == config::Store::embedded;
  auto& unacknowledged = registry_.gauge("triggers_events_undelivered",
                                         embedded ? "Undelivered entries in the inbox default of all tenants."
                                                  : "Undelivered entries in the inboxes that this node has served.");
  auto& age = registry_.gauge("triggers_oldest_undelivered_age_seconds",
                              "Age of the oldest undelivered entry in an inbox default; 0 if there is none.");
  auto& depth = registry_.gauge("triggers_commit_queue_operations",
                                "Unfinished writes: waiting, or in the current group commit.");
  auto& bytes = registry_.gauge("triggers_commit_queue_bytes", "Size of the unfinished writes.");
  auto& writable = registry_.gauge("triggers_store_writable", "1 while the store takes writes, 0 after a failure.");
  registry_.on_scrape([&, this] {
    const auto store_metrics = store_->status().metrics();
    unacknowledged.set(static_cast<double>(store_metrics.unacknowledged));
    const auto now = clock_->now();
    age.set(store_metrics.oldest_unacknowledged ? std::max(0.0, seconds(now - *store_metrics.oldest_unacknowledged))
                                                : 0.0);
    depth.set(static_cast<double>(store_metrics.queue_depth));
    bytes.set(static_cast<double>(store_metrics.queue_bytes));
    writable.set(store_->status().health().writable ? 1 : 0);
  });
  registry_.counter_from("triggers_store_exceptions_total",
                         "Exceptions caught in the store's own threads; each was logged, and its request got 500.", {},
                         [this] { return static_cast<double>(store_->status().metrics().exceptions); });
  add_waiting_metrics();
  auto& answers = registry_.gauge(
      "triggers_answers_bytes",
      "Memory of events, pages and other responses that are being built or that their client has not read "
      "yet; a response that its endpoint does not count itself counts from 4 KiB on.");
  registry_.on_scrape([&, this] { answers.set(static_cast<double>(answers_->bytes())); });
  auto& keys = registry_.gauge("triggers_keys_bytes", "Approximate memory of cached keys.");
  registry_.on_scrape([&, this] { keys.set(static_cast<double>(ring_->bytes())); });
  registry_.counter_from("triggers_answers_refused_total",
                         "Responses that found no room in max-answers-size-bytes, or in their tenant's share of it.",
                         {}, [this] { return static_cast<double>(answers_->refused()); });
  registry_.counter_from("triggers_log_dropped_total",
                         "Lines dropped from the log on standard error because no process read them in time.", {},
                         [] { return static_cast<double>(log::dropped()); });
  if (parsers_) {
    registry_.counter_from(
        "triggers_bodies_parsed_aside_total",
        "Pieces of gzip bodies decoded, large bodies parsed and large responses built by a parser thread "
        "instead of an IO thread.",
        {}, [this] { return static_cast<double>(parsers_->taken()); });
    auto& parsing =
        registry_.gauge("triggers_bodies_waiting_for_parser", "Bodies and responses that wait for a parser thread.");
    registry_.on_scrape([&, this] { parsing.set(static_cast<double>(parsers_->waiting())); });
  }
  if (access_log_) {
    registry_.counter_from("triggers_access_log_dropped_total",
                           "Lines dropped from the access log because no process read them in time.", {},
                           [this] { return static_cast<double>(access_log_->dropped()); });
  }
}

}  // namespace triggers
