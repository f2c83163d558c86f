// rebuild_expiry(): the index by which acknowledged events expire.

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

}  // namespace

Status rebuild_expiry(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                      RepairReport& report) {
  RepairedFamilies store(db, families);
  std::string value;
  std::uint64_t unreadable = 0;
  auto walked = store.each(Family::acknowledged, [&](std::string_view event, std::string_view at) -> Status {
    const auto expiry = expiry_key_of(event, at);
    if (!expiry) {
      ++unreadable;
      store.remove(Family::acknowledged, event);
      return Done{};
    }
    const auto found = store.get(Family::expiry, *expiry, value);
    if (!found) return found.error();
    if (!*found) store.put(Family::expiry, *expiry, {});
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
      const auto found = store.get(Family::acknowledged, event, value);
      if (!found) return found.error();
      if (*found && expiry_key_of(event, value) == key) return Done{};
    }
    store.remove(Family::expiry, key);
    return Done{};
  });
}

}  // namespace triggers::store
