#pragma once

// The keys of the items with which consumers work: what an inbox knows of its entries, and lists of their ids. The
// entries themselves, and all other keys, are in events/layout.h.

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/uuid7.h"
#include "event/event.h"
#include "store/dynamo/client/item.h"
#include "store/tenant.h"

/// `number`: of the inbox (InboxRecord::number).
namespace triggers::store::dynamo::layout {

/// The entries of one shard, and one of them: entry_items.h.
[[nodiscard]] std::string entry_partition(const Tenant& tenant, std::uint64_t number, unsigned shard);
[[nodiscard]] Item entry_key(const Tenant& tenant, std::uint64_t number, const event::EventId& id);

/// What the inbox knows of an event: entry_records.h.
[[nodiscard]] Item record_key(const Tenant& tenant, std::uint64_t number, const event::EventId& id);

/// The lists of entry_lists.h; their `i` are ids.
[[nodiscard]] std::string back_partition(const Tenant& tenant, std::uint64_t number);
[[nodiscard]] Item back_key(const Tenant& tenant, std::uint64_t number, const event::EventId& id);
[[nodiscard]] std::string dead_partition(const Tenant& tenant, std::uint64_t number);
[[nodiscard]] Item dead_key(const Tenant& tenant, std::uint64_t number, const event::EventId& id);

/// Reminders, in the order of their times: reminders.h.
[[nodiscard]] std::string reminder_partition(const Tenant& tenant, std::uint64_t number);
[[nodiscard]] Item reminder_key(const Tenant& tenant, std::uint64_t number, UnixMillis at, const Uuid7& id);
/// The time and the id in the sort key of a reminder, of 24 bytes.
[[nodiscard]] UnixMillis reminder_time(std::string_view sort);
[[nodiscard]] Uuid7 reminder_id(std::string_view sort);
/// The entries of a lease whose reminder has gone, because it was extended.
[[nodiscard]] Item extended_lease_key(const Tenant& tenant, std::uint64_t number, const Uuid7& lease);

/// How far the inbox was leased: lease_front.h.
[[nodiscard]] Item front_key(const Tenant& tenant, std::uint64_t number);

}  // namespace triggers::store::dynamo::layout
