#pragma once

// The configuration of a DynamoStore (dynamo_store.h).

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/turn_pool.h"
#include "store/dynamo/events/appender.h"
#include "store/dynamo/events/inbox_reader.h"
#include "store/dynamo/inbox/inbox_node.h"
#include "store/dynamo/settings/settings_directory.h"
#include "store/dynamo/visits/visits.h"

namespace triggers::store {

using dynamo::JobCounts;

struct DynamoStoreConfig {
  std::string events_table;
  std::string keys_table;
  unsigned shards = 4;  ///< Of each inbox: 1 to 256. A table's number never shrinks; see dynamo::Shards.
  dynamo::Windows windows{};
  std::chrono::hours event_ttl{24 * 30};
  dynamo::Timing timing{};
  dynamo::PageBounds page{};
  /// Keeps inboxes besides `default`. Without it, this node takes every tenant for a plain one; then no node may keep
  /// inboxes in the same tables.
  bool inboxes = false;
  dynamo::SettingsConfig settings{};
  /// Evaluates filters that would block the caller's thread. Null: they block it. It outlives the store.
  TurnPool* pool = nullptr;
  /// What has the same name in `timing`, `page` or here is taken from there.
  dynamo::InboxNodeConfig entries{};
  dynamo::VisitConfig visits{};
  /// Of each tenant by itself; nodes may pass them together: docs/decisions/0033.
  TenantLimits tenant_limits{};
  /// Calls that may be in progress at once: one for an append, an acknowledgement or an event that is read, and one for
  /// each shard and the count for a page. Further calls are `overloaded`. A tenant may have as many as it leaves free;
  /// further ones are `share_used`.
  std::size_t calls_max = 10'000;
  std::size_t calls_at_once = 256;  ///< To the events table, of all tenants, who take turns.
  const Clock* clock = &Clock::system();
  /// Called after events were accepted, found to be duplicates, or acknowledged. On any thread; may be empty.
  std::function<void(std::uint64_t accepted, std::uint64_t duplicates, std::uint64_t acknowledged)> on_done{};
  /// Called for each event that a limit of its tenant has refused. On any thread; may be empty. What happens to entries
  /// is told by entries.on_leases.
  std::function<void(StorageLimit)> on_no_room{};
};

}  // namespace triggers::store
