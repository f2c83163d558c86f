#include "store/rocks/read/event_reader.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <algorithm>
#include <utility>

#include "store/rocks/database/stored_record.h"
#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/pending_value.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

std::optional<StoredEvent> event_of(const EventId& id, std::string_view bytes) {
  const auto record = decode_record(bytes);
  if (!record) return std::nullopt;
  StoredEvent event;
  event.id = id;
  event.event_type = record->event_type;
  event.payload = record->payload;
  if (record->source) event.source = *record->source;
  event.metadata = record->metadata;
  return event;
}

/// Nothing if `options` let it read only what is in memory, and an event is not.
std::optional<std::vector<std::optional<StoredEvent>>> read_with(const rocksdb::ReadOptions& options,
                                                                 Database& database, const std::string& tenant,
                                                                 const std::vector<EventId>& ids) {
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const EventId& id : ids) keys.push_back(layout::event_key(tenant, id));
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(ids.size());
  std::vector<rocksdb::Status> statuses(ids.size());
  database.db().MultiGet(options, database.family(Family::events), slices.size(), slices.data(), values.data(),
                         statuses.data(), /*sorted_input=*/std::ranges::is_sorted(ids));
  if (std::ranges::any_of(statuses, &rocksdb::Status::IsIncomplete)) return std::nullopt;
  std::vector<std::optional<StoredEvent>> events(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (statuses[i].ok()) events[i] = event_of(ids[i], view(values[i]));
    if (events[i] || statuses[i].IsNotFound()) continue;
    (void)database.unreadable("the event " + ids[i].text() + " of " + tenant + ": " + statuses[i].ToString());
  }
  return events;
}

}  // namespace

std::vector<std::optional<StoredEvent>> read_events(Database& database, const std::string& tenant,
                                                    const std::vector<EventId>& ids) {
  return read_with({}, database, tenant, ids).value_or(std::vector<std::optional<StoredEvent>>(ids.size()));
}

std::optional<std::vector<std::optional<StoredEvent>>> events_in_memory(Database& database, const std::string& tenant,
                                                                        const std::vector<EventId>& ids) {
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;
  return read_with(options, database, tenant, ids);
}

Result<std::optional<std::string>> pending_value_of(Database& database, const std::string& tenant, const EventId& id) {
  rocksdb::PinnableSlice bytes;
  const auto record = read_record(database, tenant, id, bytes);
  if (!record) return record.error();
  if (!*record) return std::optional<std::string>{};
  std::string value;
  append_pending_value(value, {.again = true, .record_bytes = bytes.size(), .event_type = (*record)->event_type});
  return std::optional{std::move(value)};
}

}  // namespace triggers::store
