#include "store/dynamo/events/layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "store/inbox_name.h"

namespace triggers::store::dynamo::layout {
namespace {

constexpr std::string_view only{"\0", 1};  ///< The sort key of an item that is alone in its partition.

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '@' || c == ':' || c == '+';
}

/// Three times as long at most: two names of 280 bytes fit the 2,048 of a partition key.
void append_name(std::string& out, std::string_view name) {
  for (const char c : name) {
    if (plain(c)) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02x}", static_cast<unsigned char>(c));
    }
  }
}

std::string partition(std::string_view kind, std::string_view first) {
  std::string out{kind};
  out += '#';
  append_name(out, first);
  return out;
}

std::string partition(std::string_view kind, std::string_view first, std::string_view second) {
  std::string out = partition(kind, first);
  out += '#';
  append_name(out, second);
  return out;
}

}  // namespace

Item key(std::string_view partition, std::string_view sort) {
  Item item;
  item["k"] = text_value(partition);
  item["i"] = bytes_value(sort);
  return item;
}

std::string inbox_partition(std::string_view kind, const Tenant& tenant, std::uint64_t number) {
  return partition(kind, tenant.id) + fmt::format("#{}", number);
}

std::string inbox_text(std::uint64_t number) {
  return number == 0 ? std::string{default_inbox} : fmt::format("!{}", number);
}

unsigned shard_of(const event::EventId& id) noexcept { return id.bytes[15]; }

std::string pending_partition(const Tenant& tenant, std::string_view inbox, unsigned shard) {
  return partition("q", tenant.id) + fmt::format("#{}#{}", inbox, shard);
}

Item pending_key(const Tenant& tenant, std::string_view inbox, const event::EventId& id) {
  return key(pending_partition(tenant, inbox, shard_of(id)), id.view());
}

std::string log_partition(const Tenant& tenant, unsigned number) {
  return partition("d", tenant.id) + fmt::format("#{:02x}", number);
}

Item log_key(const Tenant& tenant, const event::EventId& id) {
  // A tenant's are spread over 256 partitions by what is random in an id.
  unsigned char spread = 0;
  for (std::size_t i = 6; i < id.bytes.size(); ++i) spread = static_cast<unsigned char>(spread * 31 + id.bytes[i]);
  return key(log_partition(tenant, spread), id.view());
}

Item fingerprint_key(const Tenant& tenant, const event::Fingerprint& fingerprint) {
  const std::string name = fmt::format("{:016x}{:016x}", fingerprint.high, fingerprint.low);
  return key(partition("f", tenant.id, name), only);
}

Item digest_key(const Tenant& tenant, const ContentDigest& digest) {
  return key(partition("f", tenant.id, fmt::format("{:02x}", fmt::join(digest, ""))), only);
}

Item idempotency_key(const Tenant& tenant, std::string_view client_key) {
  return key(partition("n", tenant.id, client_key), only);
}

Item count_key(const Tenant& tenant, std::string_view inbox) {
  return key(partition("c", tenant.id) + fmt::format("#{}", inbox), only);
}

std::string settings_partition(const Tenant& tenant) { return partition("s", tenant.id); }

Item settings_key(const Tenant& tenant, std::string_view sort) { return key(settings_partition(tenant), sort); }

Item settings_head_key(const Tenant& tenant) { return settings_key(tenant, only); }

Item removed_inbox_key(const Tenant& tenant, std::uint64_t number) {
  std::string sort = "\1";
  for (int shift = 56; shift >= 0; shift -= 8) sort += static_cast<char>(number >> shift & 0xff);
  return settings_key(tenant, sort);
}

std::string visit_partition(unsigned number) { return fmt::format("v#{:x}", number); }

Item visit_key(const Tenant& tenant) {
  unsigned spread = 0;
  for (const char c : tenant.id) spread = spread * 31 + static_cast<unsigned char>(c);
  return key(visit_partition(spread % visit_partitions), tenant.id);
}

Item shards_key() { return key("shards", only); }

}  // namespace triggers::store::dynamo::layout
