#include "store/dynamo/inbox/lease_ids.h"

#include <cstdint>
#include <span>

#include "base/invariant.h"
#include "base/random.h"

namespace triggers::store::dynamo {
namespace {

constexpr unsigned entries_bits = 9;
constexpr unsigned facts_bits = 25;
constexpr std::uint32_t facts_mask = (1U << facts_bits) - 1;
constexpr std::size_t facts_at = 12;  // The last four bytes.

std::uint32_t last_bytes(const Uuid7& id) {
  std::uint32_t value = 0;
  for (std::size_t i = facts_at; i < id.bytes.size(); ++i) value = value << 8 | id.bytes[i];
  return value;
}

}  // namespace

Uuid7 new_uuid(UnixMillis now) {
  Uuid7 id;
  fill_random(std::as_writable_bytes(std::span(id.bytes)));
  const auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<unsigned char>(time >> (8 * (5 - i)));
  id.bytes[6] = static_cast<unsigned char>(0x70 | (id.bytes[6] & 0x0f));
  id.bytes[8] = static_cast<unsigned char>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

inbox::LeaseId new_lease_id(UnixMillis now, LeaseFacts facts) {
  INVARIANT(facts.entries < 1U << entries_bits, "a lease of too many entries");
  INVARIANT(facts.duration.count() < 1 << (facts_bits - entries_bits), "a lease that is too long");
  inbox::LeaseId lease{new_uuid(now)};
  const auto bits =
      static_cast<std::uint32_t>(facts.duration.count()) << entries_bits | static_cast<std::uint32_t>(facts.entries);
  const std::uint32_t last = (last_bytes(lease.value) & ~facts_mask) | bits;
  for (std::size_t i = 0; i < 4; ++i) {
    lease.value.bytes[facts_at + i] = static_cast<unsigned char>(last >> (8 * (3 - i)));
  }
  return lease;
}

LeaseFacts facts_of(const inbox::LeaseId& lease) {
  const std::uint32_t bits = last_bytes(lease.value) & facts_mask;
  return {.duration = std::chrono::seconds(bits >> entries_bits), .entries = bits & ((1U << entries_bits) - 1)};
}

}  // namespace triggers::store::dynamo
