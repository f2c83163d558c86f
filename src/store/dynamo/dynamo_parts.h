#pragma once

// What a DynamoStore is made of, and what one of its requests works with.

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "store/dynamo/bounds/tenant_bounds.h"
#include "store/dynamo/calls_under_way.h"
#include "store/dynamo/dynamo_config.h"
#include "store/dynamo/events/acknowledger.h"
#include "store/dynamo/events/counts.h"
#include "store/dynamo/events/layout.h"
#include "store/dynamo/events/shards.h"
#include "store/dynamo/inbox/inbox_node.h"
#include "store/dynamo/keys/key_items.h"
#include "store/dynamo/keys/rate_budget.h"
#include "store/dynamo/settings/settings_router.h"

namespace triggers::store::dynamo {

inline InboxNodeConfig entries_config(const DynamoStoreConfig& config) {
  InboxNodeConfig entries = config.entries;
  entries.event_ttl = config.event_ttl;
  entries.settled_after = config.timing.settled_after;
  entries.page_bytes_max = config.page.bytes_max;
  entries.page_time_max = config.page.filter_time_max;
  entries.page_returned_max = config.page.returned_max;
  return entries;
}

inline Retention retention(const DynamoStoreConfig& config) {
  return {config.event_ttl, std::max(config.windows.dedup, config.windows.idempotency)};
}

/// Places to wait for a turn, for each call that may be under way. The calls themselves are bounded before; with so
/// many places, a tenant's half of what is left holds all of its calls.
inline constexpr std::size_t waiting_places = 4;

/// Why DynamoDB does not serve this node; empty if it does.
struct Trouble {
  mutable Mutex mutex;
  std::atomic<bool> any{false};
  std::string message GUARDED_BY(mutex);
};

struct StoreParts final : AcceptedEvents {
  StoreParts(const DynamoStoreConfig& config, Caller& caller)
      : events_table(caller, config.events_table),
        shards(events_table, *config.clock, config.shards),
        counts(events_table, *config.clock),
        keys(caller, config.keys_table),
        keys_table(caller, config.keys_table),
        budget(keys_table, *config.clock),
        turns(config.calls_at_once, waiting_places * config.calls_max),
        settings(events_table, *config.clock, config.settings),
        inboxes(events_table, shards, counts, *config.clock, entries_config(config)),
        bounds(events_table, counts, inboxes.counts(), settings, *config.clock, config.tenant_limits, config.event_ttl),
        visits(events_table, shards, inboxes, settings, *config.clock, retention(config), config.visits),
        calls_under_way(config.calls_max) {
    if (config.tenant_limits.any()) admission = &bounds;
    inboxes.limit_tracked(bounds);
    if (config.inboxes) {
      router = std::make_unique<SettingsRouter>(settings, config.pool);
    } else {
      router = std::make_unique<PlainRouter>();
    }
  }

  static InboxNumbers takers(const Destination& destination) {
    return destination.managed ? destination.takers : InboxNumbers{0};
  }
  void count(const Tenant& tenant, const Destination& destination) override {
    for (const std::uint64_t number : takers(destination)) counts.add(tenant, layout::inbox_text(number), 1);
  }
  void accepted(const Tenant& tenant, const EventId& id, const Destination& destination) override {
    inboxes.accepted(tenant, takers(destination), id);
  }

  Table events_table;
  FleetIds ids;
  Shards shards;
  Counts counts;
  KeyItems keys;
  Table keys_table;
  RateBudget budget;
  CallTurns turns;
  SettingsDirectory settings;
  std::unique_ptr<Router> router;
  Admission* admission = nullptr;  ///< Null: no tenant has a limit.
  InboxNode inboxes;
  TenantBounds bounds;
  Visits visits;
  CallsUnderWay calls_under_way;
  Trouble trouble;
};

/// What one request works with: its calls have one deadline together. (Those for the number of shards and for counts
/// are made for others too, and have their own.)
struct StoreRequest {
  StoreRequest(const DynamoStoreConfig& config, StoreParts& parts, const Tenant& tenant)
      : table(parts.events_table.until(std::chrono::steady_clock::now() + config.timing.request_for, parts.turns,
                                       tenant.id)),
        events(table, *parts.router, parts.admission, parts, *config.clock, config.timing, retention(config)),
        claims(table, *config.clock),
        appender(events, claims, parts.ids, *config.clock, config.windows),
        acknowledger(table, *config.clock, retention(config)),
        log(table, *config.clock),
        reader(table, parts.shards, parts.counts, *config.clock, config.timing, config.page) {}

  Table table;
  EventItems events;
  Claims claims;
  Appender appender;
  Acknowledger acknowledger;
  LogItems log;
  InboxReader reader;
};

}  // namespace triggers::store::dynamo
