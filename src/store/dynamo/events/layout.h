#pragma once

// The keys of the events table. The attributes of each item are in event_items.h, claims.h, counts.h and shards.h.

#include <cstdint>
#include <string>
#include <string_view>

#include "event/event.h"
#include "store/content.h"
#include "store/dynamo/client/item.h"
#include "store/tenant.h"

/// The keys of the events table: docs/storage-format.md. Every item has a partition key `k` (text) and a sort key `i`
/// (bytes). Names are escaped, so that no tenant's keys are another's.
namespace triggers::store::dynamo::layout {

/// The last byte of an id is its shard in the inbox, so an inbox has at most 256.
[[nodiscard]] unsigned shard_of(const event::EventId& id) noexcept;

/// How keys name an inbox: `default`, which has the number 0, or `!` and the number, which is no inbox's name.
[[nodiscard]] std::string inbox_text(std::uint64_t number);
/// The entries of one shard of an inbox; their `i` are ids. `inbox` is inbox_text(), here and below.
[[nodiscard]] std::string pending_partition(const Tenant& tenant, std::string_view inbox, unsigned shard);
[[nodiscard]] Item pending_key(const Tenant& tenant, std::string_view inbox, const event::EventId& id);
/// A tenant's log has this many partitions. Their `i` are ids.
inline constexpr unsigned log_partitions = 256;
[[nodiscard]] std::string log_partition(const Tenant& tenant, unsigned number);
/// An event in the tenant's log. Plain tenants have only their acknowledged events there.
[[nodiscard]] Item log_key(const Tenant& tenant, const event::EventId& id);
/// The claim by fingerprint.
[[nodiscard]] Item fingerprint_key(const Tenant& tenant, const event::Fingerprint& fingerprint);
/// The claim by digest, of a content whose fingerprint belongs to another content.
[[nodiscard]] Item digest_key(const Tenant& tenant, const ContentDigest& digest);
/// The claim by idempotency key.
[[nodiscard]] Item idempotency_key(const Tenant& tenant, std::string_view client_key);
/// The count of undelivered entries of an inbox.
[[nodiscard]] Item count_key(const Tenant& tenant, std::string_view inbox);
/// What the tenant's inboxes are; `sort` is `\0` for the head, and otherwise an inbox's name.
[[nodiscard]] std::string settings_partition(const Tenant& tenant);
[[nodiscard]] Item settings_key(const Tenant& tenant, std::string_view sort);
[[nodiscard]] Item settings_head_key(const Tenant& tenant);
/// An inbox that was removed: its entries are still to be deleted.
[[nodiscard]] Item removed_inbox_key(const Tenant& tenant, std::uint64_t number);
/// The tenants whose inboxes are managed, for regular visits; their `i` are the tenants' names.
inline constexpr unsigned visit_partitions = 16;
[[nodiscard]] std::string visit_partition(unsigned number);
[[nodiscard]] Item visit_key(const Tenant& tenant);
/// The number of shards of every inbox.
[[nodiscard]] Item shards_key();

/// Any item of the events table.
[[nodiscard]] Item key(std::string_view partition, std::string_view sort);
/// A partition of an inbox: `kind`#tenant#`number`.
[[nodiscard]] std::string inbox_partition(std::string_view kind, const Tenant& tenant, std::uint64_t number);

}  // namespace triggers::store::dynamo::layout
