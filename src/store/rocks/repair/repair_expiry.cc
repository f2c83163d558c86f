// rebuild_expiry(): the index by which acknowledged events expire.

#include "store/rocks/format/holding.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/repair/repair_indexes.h"
#include "store/rocks/repair/repaired_families.h"

namespace triggers::store {
namespace {

/// Of the acknowledgement under `event`: the same time, tenant and id. Nothing if it cannot be read.
std::optional<std::string> expiry_key_of(std::string_view event, std::string_view acknowledged_at) {
  std::string key = std::string{acknowledged_at}.append(event);
  if (acknowledged_at.size() != sizeof(std::uint64_t) || !layout::parse_expiry_key(key)) return std::nullopt;
  return key;
}

/// The expiry entry that an event should have; nothing if it should have none, because some inbox holds it. What the
/// holders say goes before the acknowledgement, which is that of `default` alone.
Result<std::optional<std::string>> expected_expiry(RepairedFamilies& store, std::string_view event) {
  std::string value;
  const auto held = store.get(Family::holders, event, value);
  if (!held) return held.error();
  if (*held) {
    const auto holding = decode_holding(value);
    if (!holding || holding->count > 0) return std::optional<std::string>{};
    std::string time;
    layout::append_u64(time, static_cast<std::uint64_t>(holding->freed_at.time_since_epoch().count()));
    return expiry_key_of(event, time);
  }
  const auto acknowledged = store.get(Family::acknowledged, event, value);
  if (!acknowledged) return acknowledged.error();
  return *acknowledged ? expiry_key_of(event, value) : std::optional<std::string>{};
}

}  // namespace

Status rebuild_expiry(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                      RepairReport& report) {
  RepairedFamilies store(db, families);
  std::string value;
  std::uint64_t unreadable = 0;
  auto walked = store.each(Family::acknowledged, [&](std::string_view event, std::string_view at) -> Status {
    if (!expiry_key_of(event, at)) {
      ++unreadable;
      store.remove(Family::acknowledged, event);
      return Done{};
    }
    const auto expiry = expected_expiry(store, event);
    if (!expiry) return expiry.error();
    if (!*expiry) return Done{};
    const auto found = store.get(Family::expiry, **expiry, value);
    if (!found) return found.error();
    if (!*found) store.put(Family::expiry, **expiry, {});
    return Done{};
  });
  if (!walked) return walked;
  if (unreadable > 0) {
    report.losses.push_back(std::to_string(unreadable) +
                            " acknowledgements cannot be read: their events are unacknowledged again");
  }
  return store.each(Family::expiry, [&](std::string_view key, std::string_view) -> Status {
    if (const auto entry = layout::parse_expiry_key(key)) {
      const std::string event = layout::event_key(entry->tenant, entry->id);
      const auto expected = expected_expiry(store, event);
      if (!expected) return expected.error();
      if (*expected == key) return Done{};
    }
    store.remove(Family::expiry, key);
    return Done{};
  });
}

}  // namespace triggers::store
