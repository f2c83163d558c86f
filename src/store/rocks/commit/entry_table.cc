#include "store/rocks/commit/entry_table.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <utility>

#include "inbox/record_codec.h"
#include "store/rocks/database/stored_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/pending_value.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

/// In all families of entries.
std::string key_of(const InboxState& inbox, const EventId& id) {
  std::string key;
  key.reserve(inbox.prefix().size() + id.bytes.size());
  key.append(inbox.prefix()).append(id.view());
  return key;
}

std::string named(std::string_view what, const InboxState& inbox, const EventId& id) {
  std::string text{what};
  text.append(" of ").append(inbox.tenant()).append(", event ").append(id.text());
  return text;
}

}  // namespace

void EntryTable::begin() noexcept {
  overlay_.begin();
  reads_ = 0;
}

Result<std::optional<std::string>> EntryTable::get(Family family, const std::string& key) {
  if (const auto* changed = overlay_.find(family, key)) {
    return *changed ? std::optional<std::string>(**changed) : std::nullopt;
  }
  rocksdb::PinnableSlice value;
  ++reads_;
  const auto found = database_.get(family, key, value);
  if (!found) return found.error();
  if (!*found) return std::optional<std::string>{};
  return std::optional{value.ToString()};
}

void EntryTable::put(Family family, const std::string& key, const std::string& value) {
  batch_.Put(database_.family(family), key, value);
  overlay_.set(family, key, value);
}

Result<std::optional<EntryTable::Pending>> EntryTable::pending(const InboxState& inbox, const EventId& id) {
  const auto value = get(Family::pending, key_of(inbox, id));
  if (!value) return value.error();
  if (!*value) return std::optional<Pending>{};
  // An entry whose value cannot be read can still be acknowledged.
  const auto pending = decode_pending_value(**value);
  return std::optional{Pending{.again = pending && pending->again}};
}

bool EntryTable::was_removed(const InboxState& inbox, const EventId& id) const {
  const auto* changed = overlay_.find(Family::pending, key_of(inbox, id));
  return changed != nullptr && !*changed;
}

Result<std::size_t> EntryTable::event_bytes(const InboxState& inbox, const EventId& id) {
  const auto value = get(Family::pending, key_of(inbox, id));
  if (!value) return value.error();
  if (!*value) return database_.unreadable(named("the pending entry", inbox, id) + ": it is missing");
  return event_bytes(inbox, id, **value);
}

Result<std::size_t> EntryTable::event_bytes(const InboxState& inbox, const EventId& id, std::string_view value) {
  const auto pending = decode_pending_value(value);
  if (!pending) return database_.unreadable(named("the pending entry", inbox, id));
  if (pending->record_bytes) return *pending->record_bytes;
  // Before format version 3, the value did not have the size.
  rocksdb::PinnableSlice record;
  ++reads_;
  const auto found = database_.get(Family::events, layout::event_key(inbox.tenant(), id), record);
  if (!found) return found.error();
  return record.size();
}

void EntryTable::put_pending(const InboxState& inbox, const EventId& id, const std::string& value) {
  put(Family::pending, key_of(inbox, id), value);
}

void EntryTable::remove_pending(const InboxState& inbox, const EventId& id) {
  const std::string key = key_of(inbox, id);
  // Put once and removed once, so the pair may vanish from a memtable without ever reaching the disk's levels.
  batch_.SingleDelete(database_.family(Family::pending), key);
  overlay_.set(Family::pending, key, std::nullopt);
}

Result<std::optional<inbox::Failure>> EntryTable::last_failure(const InboxState& inbox, const EventId& id) {
  const auto value = get(Family::entries, key_of(inbox, id));
  if (!value) return value.error();
  if (!*value) return database_.unreadable(named("the record of an entry", inbox, id) + ": it is missing");
  auto record = inbox::decode_record(**value);
  if (!record || !record->entry) return database_.unreadable(named("the record of an entry", inbox, id));
  return std::move(record->entry->last_failure);
}

void EntryTable::put_entry(const InboxState& inbox, const EventId& id, const inbox::Entry& entry) {
  put(Family::entries, key_of(inbox, id), inbox::encode_record({.entry = entry, .acknowledgement = {}}));
}

void EntryTable::remove_entry(const InboxState& inbox, const EventId& id) {
  const std::string key = key_of(inbox, id);
  batch_.Delete(database_.family(Family::entries), key);  // Records are written many times.
  overlay_.set(Family::entries, key, std::nullopt);
}

Result<std::optional<inbox::Acknowledgement>> EntryTable::trace(const InboxState& inbox, const EventId& id) {
  const auto value = get(Family::traces, key_of(inbox, id));
  if (!value) return value.error();
  if (!*value) return std::optional<inbox::Acknowledgement>{};
  auto record = inbox::decode_record(**value);
  if (!record || !record->acknowledgement) return database_.unreadable(named("the trace of an entry", inbox, id));
  return record->acknowledgement;
}

void EntryTable::put_trace(const InboxState& inbox, const EventId& id, const inbox::Acknowledgement& acknowledgement) {
  put(Family::traces, key_of(inbox, id), inbox::encode_record({.entry = {}, .acknowledgement = acknowledgement}));
}

Result<std::optional<UnixMillis>> EntryTable::acknowledged_at(const InboxState& inbox, const EventId& id) {
  const auto value = get(Family::acknowledged, layout::event_key(inbox.tenant(), id));
  if (!value) return value.error();
  if (!*value) return std::optional<UnixMillis>{};
  if ((*value)->size() != 8) return database_.unreadable(named("the acknowledgement", inbox, id));
  return std::optional{UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(layout::read_u64(**value))}}};
}

void EntryTable::put_acknowledged_at(const InboxState& inbox, const EventId& id, UnixMillis at) {
  std::string value;
  layout::append_u64(value, static_cast<std::uint64_t>(at.time_since_epoch().count()));
  put(Family::acknowledged, layout::event_key(inbox.tenant(), id), value);
}

void EntryTable::remove_acknowledged_at(const InboxState& inbox, const EventId& id) {
  const std::string key = layout::event_key(inbox.tenant(), id);
  batch_.SingleDelete(database_.family(Family::acknowledged), key);
  overlay_.set(Family::acknowledged, key, std::nullopt);
}

}  // namespace triggers::store
