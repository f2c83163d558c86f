#pragma once

// The keys of every column family, and the version of the format. Values are in event_record.h, dedup_entry.h and
// auth/key.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "event/event.h"

/// The keys of the embedded store: docs/storage-format.md. A name is a length byte and its bytes, so that no tenant's
/// keys are a prefix of another's; ids and times are big-endian, so that keys sort as they do.
namespace triggers::store::layout {

/// The version of this format. A store of an earlier version is converted, one of a later version is not opened.
inline constexpr std::uint32_t format_version = 4;
inline constexpr std::size_t name_bytes_max = 255;

/// Appends the length byte and `name`, which must have 1 to 255 bytes.
void append_name(std::string& key, std::string_view name);

/// `events`, `delivered` and `holders`: tenant, id.
[[nodiscard]] std::string event_key(std::string_view tenant, const event::EventId& id);
/// `pending`: tenant, place of the inbox, and then the id.
[[nodiscard]] std::string pending_prefix(std::string_view tenant, std::string_view inbox);
[[nodiscard]] std::string pending_key(std::string_view tenant, std::string_view inbox, const event::EventId& id);
/// What stands for an inbox in the keys of its entries and counters: its name if it is `default`, which has the number
/// 0; otherwise `#` and the number. So an inbox that is made again under the same name has other keys.
[[nodiscard]] std::string inbox_place(std::uint64_t number);
/// Nothing if `place` is none.
[[nodiscard]] std::optional<std::uint64_t> number_of_place(std::string_view place);
/// A secret of the store that seeds the hashes in its keys, so that no client can choose where a key goes.
struct HashSeed {
  std::uint64_t a = 0, b = 0;
};
/// `dedup`: eight bytes of a hash of what follows (see HashedMemtable), tenant, fingerprint.
[[nodiscard]] std::string dedup_key(const HashSeed& seed, std::string_view tenant,
                                    const event::Fingerprint& fingerprint);
/// The same family, by a digest (32 bytes) in the fingerprint's place.
[[nodiscard]] std::string dedup_key(const HashSeed& seed, std::string_view tenant, std::string_view digest);
/// `idempotency`: eight bytes of a hash of what follows, tenant, the client's key as it is.
[[nodiscard]] std::string idempotency_key(const HashSeed& seed, std::string_view tenant, std::string_view client_key);
/// `expiry`: the time when no inbox had an entry of the event any more, tenant, id.
[[nodiscard]] std::string expiry_key(UnixMillis freed_at, std::string_view tenant, const event::EventId& id);
/// `default`: the counters of an inbox, by its place.
[[nodiscard]] std::string inbox_meta_key(std::string_view tenant, std::string_view inbox);
inline constexpr std::string_view inbox_meta_prefix = "inbox/";
/// `default`: the settings of an inbox, by its name.
[[nodiscard]] std::string settings_key(std::string_view tenant, std::string_view inbox);
/// What the keys of all settings of the tenant start with.
[[nodiscard]] std::string settings_prefix_of(std::string_view tenant);
inline constexpr std::string_view settings_prefix = "settings/";
/// `default`: an inbox that was removed and still has entries, by its place.
[[nodiscard]] std::string leaving_key(std::string_view tenant, std::string_view inbox);
inline constexpr std::string_view leaving_prefix = "leaving/";
/// `default`: a job of an inbox, by the inbox's place and the job's id.
[[nodiscard]] std::string job_key(std::string_view tenant, std::string_view inbox, const Uuid7& job);
inline constexpr std::string_view job_prefix = "job/";
/// `default`: the number that an inbox got last.
inline constexpr std::string_view inbox_number_key = "inbox_number";
/// `default`: the stored bytes of a tenant; see store/storage_limits.h.
[[nodiscard]] std::string stored_bytes_key(std::string_view tenant);
inline constexpr std::string_view stored_bytes_prefix = "stored_bytes/";
/// `default`: is there while every commit keeps those counters.
inline constexpr std::string_view stored_bytes_kept_key = "stored_bytes_kept";
inline constexpr std::string_view last_id_key = "last_id";
inline constexpr std::string_view shared_secret_key = "shared_secret";
inline constexpr std::string_view hash_seed_key = "hash_seed";
inline constexpr std::size_t shared_secret_bytes = 32;
inline constexpr std::size_t hash_seed_bytes = 16;
inline constexpr std::string_view opened_at_key = "opened_at";

/// The first key after all that start with `prefix`. `prefix` must hold a byte other than 0xff.
[[nodiscard]] std::string prefix_end(std::string_view prefix);

void append_u64(std::string& out, std::uint64_t value);
/// `bytes` must have 8 bytes.
[[nodiscard]] std::uint64_t read_u64(std::string_view bytes);

struct ExpiryEntry {
  UnixMillis freed_at;
  std::string_view tenant;
  event::EventId id;
};
/// Nothing if `key` is not an expiry key. Views into `key`.
[[nodiscard]] std::optional<ExpiryEntry> parse_expiry_key(std::string_view key);

/// What a key of an inbox in the family `default` says: the tenant, and the place or the name of the inbox.
struct InboxKey {
  std::string_view tenant, inbox;
};
/// Nothing if `key` is not `prefix` (one of those above), a tenant and an inbox. Views into `key`.
[[nodiscard]] std::optional<InboxKey> parse_inbox_key(std::string_view prefix, std::string_view key);

/// What the key of a job says: its inbox, by its place, and its id.
struct JobKey {
  InboxKey inbox{};
  Uuid7 job{};
};
/// Nothing if `key` is not what job_key() makes. Views into `key`.
[[nodiscard]] std::optional<JobKey> parse_job_key(std::string_view key);

/// The tenant of a key of `events`, and of a key that stored_bytes_key() makes. Nothing if `key` is none. Views into
/// `key`.
[[nodiscard]] std::optional<std::string_view> tenant_of_event(std::string_view key);
[[nodiscard]] std::optional<std::string_view> tenant_of_stored_bytes(std::string_view key);

/// For a message: the tenant and id that `key` of `family` belongs to, as far as the key says.
[[nodiscard]] std::string describe_entry(std::string_view family, std::string_view key);

}  // namespace triggers::store::layout
