#pragma once

// The keys of the events table. The attributes of each item are in event_items.h, claims.h, counts.h and shards.h.

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

/// The pending events of one shard of an inbox; their `i` are ids.
[[nodiscard]] std::string pending_partition(const Tenant& tenant, std::string_view inbox, unsigned shard);
[[nodiscard]] Item pending_key(const Tenant& tenant, std::string_view inbox, const event::EventId& id);
/// An acknowledged event.
[[nodiscard]] Item acknowledged_key(const Tenant& tenant, const event::EventId& id);
/// The claim by fingerprint.
[[nodiscard]] Item fingerprint_key(const Tenant& tenant, const event::Fingerprint& fingerprint);
/// The claim by digest, of a content whose fingerprint belongs to another content.
[[nodiscard]] Item digest_key(const Tenant& tenant, const ContentDigest& digest);
/// The claim by idempotency key.
[[nodiscard]] Item idempotency_key(const Tenant& tenant, std::string_view client_key);
/// The count of pending events of an inbox.
[[nodiscard]] Item count_key(const Tenant& tenant, std::string_view inbox);
/// The number of shards of every inbox.
[[nodiscard]] Item shards_key();

}  // namespace triggers::store::dynamo::layout
