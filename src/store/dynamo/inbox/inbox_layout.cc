#include "store/dynamo/inbox/inbox_layout.h"

#include <fmt/format.h>

#include <cstring>

#include "base/big_endian.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo::layout {
namespace {

constexpr std::size_t time_bytes = 8;

}  // namespace

std::string entry_partition(const Tenant& tenant, std::uint64_t number, unsigned shard) {
  return pending_partition(tenant, inbox_text(number), shard);
}

Item entry_key(const Tenant& tenant, std::uint64_t number, const event::EventId& id) {
  return pending_key(tenant, inbox_text(number), id);
}

Item record_key(const Tenant& tenant, std::uint64_t number, const event::EventId& id) {
  return key(inbox_partition("r", tenant, number) + fmt::format("#{}", shard_of(id)), id.view());
}

std::string back_partition(const Tenant& tenant, std::uint64_t number) { return inbox_partition("b", tenant, number); }

Item back_key(const Tenant& tenant, std::uint64_t number, const event::EventId& id) {
  return key(back_partition(tenant, number), id.view());
}

std::string dead_partition(const Tenant& tenant, std::uint64_t number) { return inbox_partition("x", tenant, number); }

Item dead_key(const Tenant& tenant, std::uint64_t number, const event::EventId& id) {
  return key(dead_partition(tenant, number), id.view());
}

std::string reminder_partition(const Tenant& tenant, std::uint64_t number) {
  return inbox_partition("u", tenant, number);
}

Item reminder_key(const Tenant& tenant, std::uint64_t number, UnixMillis at, const Uuid7& id) {
  const std::uint64_t time = big_endian(static_cast<std::uint64_t>(at.time_since_epoch().count()));
  std::string sort(reinterpret_cast<const char*>(&time), time_bytes);
  sort += id.view();
  return key(reminder_partition(tenant, number), sort);
}

UnixMillis reminder_time(std::string_view sort) {
  std::uint64_t time = 0;
  std::memcpy(&time, sort.data(), time_bytes);
  return UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(big_endian(time))}};
}

Uuid7 reminder_id(std::string_view sort) { return Uuid7::from_bytes(sort.substr(time_bytes)); }

Item extended_lease_key(const Tenant& tenant, std::uint64_t number, const Uuid7& lease) {
  return key(inbox_partition("h", tenant, number), lease.view());
}

Item front_key(const Tenant& tenant, std::uint64_t number) {
  return key(inbox_partition("w", tenant, number), std::string_view{"\0", 1});
}

}  // namespace triggers::store::dynamo::layout
