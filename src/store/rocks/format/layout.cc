#include "store/rocks/format/layout.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/big_endian.h"
#include "base/invariant.h"
#include "event/fingerprint.h"

namespace triggers::store::layout {
namespace {

constexpr std::size_t id_bytes = 16;
constexpr std::size_t hash_bytes = 8;
constexpr std::string_view default_place = "default";

/// Writes the hash of what follows its place into the front of `key`.
void put_hash(const HashSeed& seed, std::string& key) {
  const auto hash = event::mix::bytes(std::string_view{key}.substr(hash_bytes), {seed.a, seed.b});
  const std::uint64_t value = big_endian(hash.a ^ hash.b);
  std::memcpy(key.data(), &value, hash_bytes);
}

/// Takes a name from the front of `rest`.
std::optional<std::string_view> take_name(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const auto size = static_cast<unsigned char>(rest.front());
  if (size == 0 || rest.size() < 1U + size) return std::nullopt;
  const auto name = rest.substr(1, size);
  rest.remove_prefix(1U + size);
  return name;
}

std::string inbox_key(std::string_view prefix, std::string_view tenant, std::string_view inbox) {
  std::string key{prefix};
  append_name(key, tenant);
  append_name(key, inbox);
  return key;
}

}  // namespace

void append_name(std::string& key, std::string_view name) {
  INVARIANT(!name.empty() && name.size() <= name_bytes_max, "a name of %zu bytes in a key of the store", name.size());
  key.push_back(static_cast<char>(name.size()));
  key.append(name);
}

std::string event_key(std::string_view tenant, const event::EventId& id) {
  std::string key;
  key.reserve(1 + tenant.size() + id_bytes);
  append_name(key, tenant);
  key.append(id.view());
  return key;
}

std::string pending_prefix(std::string_view tenant, std::string_view inbox) {
  std::string key;
  key.reserve(2 + tenant.size() + inbox.size() + id_bytes);
  append_name(key, tenant);
  append_name(key, inbox);
  return key;
}

std::string pending_key(std::string_view tenant, std::string_view inbox, const event::EventId& id) {
  std::string key = pending_prefix(tenant, inbox);
  key.append(id.view());
  return key;
}

std::string inbox_place(std::uint64_t number) {
  if (number == 0) return std::string{default_place};
  std::string place{'#'};
  append_u64(place, number);
  return place;
}

std::optional<std::uint64_t> number_of_place(std::string_view place) {
  if (place == default_place) return 0;
  if (place.size() != 1 + sizeof(std::uint64_t) || place.front() != '#') return std::nullopt;
  return read_u64(place.substr(1));
}

std::string dedup_key(const HashSeed& seed, std::string_view tenant, const event::Fingerprint& fingerprint) {
  std::string key(hash_bytes, '\0');
  key.reserve(hash_bytes + 1 + tenant.size() + id_bytes);
  append_name(key, tenant);
  append_u64(key, fingerprint.high);
  append_u64(key, fingerprint.low);
  put_hash(seed, key);
  return key;
}

std::string dedup_key(const HashSeed& seed, std::string_view tenant, std::string_view digest) {
  std::string key(hash_bytes, '\0');
  key.reserve(hash_bytes + 1 + tenant.size() + digest.size());
  append_name(key, tenant);
  key.append(digest);
  put_hash(seed, key);
  return key;
}

std::string idempotency_key(const HashSeed& seed, std::string_view tenant, std::string_view client_key) {
  std::string key(hash_bytes, '\0');
  append_name(key, tenant);
  key.append(client_key);
  put_hash(seed, key);
  return key;
}

std::string expiry_key(UnixMillis freed_at, std::string_view tenant, const event::EventId& id) {
  std::string key;
  append_u64(key, static_cast<std::uint64_t>(freed_at.time_since_epoch().count()));
  append_name(key, tenant);
  key.append(id.view());
  return key;
}

std::string inbox_meta_key(std::string_view tenant, std::string_view inbox) {
  return inbox_key(inbox_meta_prefix, tenant, inbox);
}

std::string settings_key(std::string_view tenant, std::string_view inbox) {
  return inbox_key(settings_prefix, tenant, inbox);
}

std::string settings_prefix_of(std::string_view tenant) {
  std::string key{settings_prefix};
  append_name(key, tenant);
  return key;
}

std::string leaving_key(std::string_view tenant, std::string_view inbox) {
  return inbox_key(leaving_prefix, tenant, inbox);
}

std::string job_key(std::string_view tenant, std::string_view inbox, const Uuid7& job) {
  std::string key = inbox_key(job_prefix, tenant, inbox);
  key.append(job.view());
  return key;
}

std::string stored_bytes_key(std::string_view tenant) {
  std::string key{stored_bytes_prefix};
  append_name(key, tenant);
  return key;
}

std::string prefix_end(std::string_view prefix) {
  std::string end{prefix};
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  INVARIANT(!end.empty(), "no key is behind a prefix of 0xFF alone");
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

void append_u64(std::string& out, std::uint64_t value) {
  value = big_endian(value);
  std::array<char, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

std::uint64_t read_u64(std::string_view bytes) {
  INVARIANT(bytes.size() == 8, "a number of %zu bytes", bytes.size());
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::optional<ExpiryEntry> parse_expiry_key(std::string_view key) {
  if (key.size() < 8) return std::nullopt;
  ExpiryEntry entry;
  entry.freed_at = UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(read_u64(key.substr(0, 8)))}};
  key.remove_prefix(8);
  const auto tenant = take_name(key);
  if (!tenant || key.size() != id_bytes) return std::nullopt;
  entry.tenant = *tenant;
  entry.id = event::EventId::from_bytes(key);
  return entry;
}

std::optional<InboxKey> parse_inbox_key(std::string_view prefix, std::string_view key) {
  if (!key.starts_with(prefix)) return std::nullopt;
  key.remove_prefix(prefix.size());
  const auto tenant = take_name(key);
  if (!tenant) return std::nullopt;
  const auto inbox = take_name(key);
  if (!inbox || !key.empty()) return std::nullopt;
  return InboxKey{*tenant, *inbox};
}

std::optional<JobKey> parse_job_key(std::string_view key) {
  if (key.size() < id_bytes) return std::nullopt;
  const auto inbox = parse_inbox_key(job_prefix, key.substr(0, key.size() - id_bytes));
  if (!inbox) return std::nullopt;
  return JobKey{*inbox, Uuid7::from_bytes(key.substr(key.size() - id_bytes))};
}

std::optional<std::string_view> tenant_of_event(std::string_view key) {
  const auto tenant = take_name(key);
  return tenant && key.size() == id_bytes ? tenant : std::nullopt;
}

std::optional<std::string_view> tenant_of_stored_bytes(std::string_view key) {
  if (!key.starts_with(stored_bytes_prefix)) return std::nullopt;
  key.remove_prefix(stored_bytes_prefix.size());
  const auto tenant = take_name(key);
  return tenant && key.empty() ? tenant : std::nullopt;
}

std::string describe_entry(std::string_view family, std::string_view key) {
  std::string text = "an entry of " + std::string{family};
  const bool is_hashed = family == "dedup" || family == "idempotency";
  if (is_hashed) key.remove_prefix(std::min(key.size(), hash_bytes));
  if (family == "default" || family == "keys" || family == "expiry") return text;
  const auto tenant = take_name(key);
  if (!tenant) return text;
  text.append(" of the tenant ").append(*tenant);
  if (!is_hashed && key.size() >= id_bytes) {
    text.append(", event ").append(event::EventId::from_bytes(key.substr(key.size() - id_bytes)).text());
  }
  return text;
}

}  // namespace triggers::store::layout
